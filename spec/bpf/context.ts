// What r1 points to at entry: the input itself, or an XDP context whose fields are pointers to the packet. A program
// reads those fields as 4-byte loads that give 8 bytes (the kernel's verifier widens them to loads from `struct
// xdp_buff`), so the region that holds them knows its fields and admits no other access.

import assert from "node:assert";
import type { U64 } from "../bits.js";
import { pointerTo, type Region, regionOf } from "./memory.js";
import type { ContextKind, Layout } from "./program.js";

export interface Context {
  /** r1 at entry. */
  readonly pointer: U64;
  /** In the order of `Outcome.regions`: `context`, and `packet` for XDP. */
  readonly regions: readonly Region[];
}

/** @throws AssertionError if the layout leaves no room for the input. */
export function placeContext(kind: ContextKind, layout: Layout, input: Uint8Array): Context {
  const place = kind === "xdp" ? layout.packet : layout.context;
  assert(input.length <= place.bytes, `input of ${input.length} bytes, the layout has room for ${place.bytes}`);
  const pointer = pointerTo(layout.context.base);
  if (kind === "memory") return { pointer, regions: [regionOf("context", layout.context.base, new Uint8Array(input))] };
  const packet = regionOf("packet", layout.packet.base, new Uint8Array(input));
  return { pointer, regions: [xdpContext(layout, input.length), packet] };
}

/** `struct xdp_buff` begins with the pointers data, data_end and data_meta; the rest of it is zero here. */
function xdpContext(layout: Layout, packetBytes: number): Region {
  const data = pointerTo(layout.packet.base);
  const dataEnd = pointerTo(layout.packet.base + packetBytes);
  const region = regionOf("context", layout.context.base, new Uint8Array(layout.context.bytes));
  [data, dataEnd, data].forEach((value, i) => {
    region.view.setBigUint64(i * 8, value, true);
  });
  const fields = new Map([
    [0, data],
    [4, dataEnd],
    [8, data],
  ]);
  return { ...region, fields };
}
