// What r1 points to at entry: the input itself, or a structure with fields, some of which are pointers to the packet. A
// program reads those as 4-byte loads that give 8 bytes (the kernel's verifier widens them), so the region that holds them
// knows its fields and admits no other access.

import { assert } from "../assert.js";
import { type U64, u64 } from "../bits.js";
import { lazily } from "../lazily.js";
import { copyOf, shortBytes } from "../slab.js";
import { type ContextStructure, type FieldAccess, fieldAccess, structureOf } from "./context-fields.js";
import { type FieldMemory, pointerTo, type Region, regionOf } from "./memory.js";
import type { ContextKind, Layout, Program } from "./program.js";

export interface Context {
  /** r1 at entry. */
  readonly pointer: U64;
  /** In the order of `Outcome.regions`: `context`, and `packet` where the context has fields. */
  readonly regions: readonly Region[];
}

/** @throws AssertionError if the layout leaves no room for the input. */
export function placeContext(program: Pick<Program, "context" | "fields">, layout: Layout, input: Uint8Array): Context {
  const structure = structureOf(program.context);
  const pointer = pointerTo(layout.context.base);
  if (structure === undefined) {
    const { bytes } = layout.context;
    assert(input.length <= bytes, () => `input of ${input.length} bytes, the layout has room for ${bytes}`);
    const isReadOnly = program.context === "tracing";
    return {
      pointer,
      regions: [regionOf("context", layout.context.base, copyOf(input, 0, input.length), { isReadOnly })],
    };
  }
  const context = regionOf("context", layout.context.base, contextBytes(program, layout, input));
  const packet = regionOf("packet", layout.packet.base, packetBytes(layout, input));
  const fields = new Fields(program.context, structure, context);
  return { pointer, regions: [regionOf(context.name, context.base, context.bytes, { fields }), packet] };
}

/** The packet as it lies in its room. @throws AssertionError if the layout leaves no room for the input. */
export function packetBytes({ packet, headroom }: Layout, input: Uint8Array): Uint8Array {
  const start = headroom ?? 0;
  assert(
    start + input.length <= packet.bytes,
    () => `input of ${input.length} bytes, the layout has room for ${packet.bytes}`,
  );
  if (headroom === undefined) return copyOf(input, 0, input.length);
  const bytes = shortBytes(packet.bytes);
  bytes.set(input, start);
  return bytes;
}

/** The kernel's structure: pointers to the packet, what the case says of the fields, and zeros. */
export function contextBytes(
  { context, fields }: Pick<Program, "context" | "fields">,
  layout: Layout,
  input: Uint8Array,
): Uint8Array {
  const structure = structureOf(context)!;
  const bytes = shortBytes(Math.max(structure.bytes, layout.context.bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const put = (at: number, place: number): void => view.setBigUint64(at, pointerTo(place), true);
  const data = layout.packet.base + (layout.headroom ?? 0);
  put(structure.packet.data, data);
  put(structure.packet.dataEnd, data + input.length);
  put(structure.packet.dataMeta, data);
  for (const [at, to] of structure.pointers) put(at, layout.context.base + to);
  const places = PLACES[context]();
  const set = (name: string, value: bigint): void => {
    const found = places.get(name);
    if (found !== undefined) SET[found.width](view, found.place, value);
  };
  for (const [name, value] of impliedFields(context, input)) set(name, value);
  if (fields !== undefined) for (const [name, value] of fields) set(name, value);
  return bytes;
}

/** By context: where each field lies in the piece. */
const PLACES: Record<
  ContextKind,
  () => ReadonlyMap<string, { readonly place: number; readonly width: 1 | 2 | 4 | 8 }>
> = {
  memory: lazily(() => placesOf("memory")),
  tracing: lazily(() => placesOf("tracing")),
  xdp: lazily(() => placesOf("xdp")),
  skb: lazily(() => placesOf("skb")),
};

function placesOf(context: ContextKind): ReturnType<(typeof PLACES)["xdp"]> {
  const { fields = [], pointers = new Map<number, number>() } = structureOf(context) ?? {};
  // Along the same pointers: what they point to lies in the same piece.
  const from = (via: readonly number[]): number => via.reduce((start, at) => pointers.get(start + at)!, 0);
  return new Map(fields.map(({ name, at, width, via = [] }) => [name, { place: from(via) + at, width }]));
}

const ETHERNET_TYPE = 12;

/** What follows from the packet. */
function impliedFields(context: ContextKind, input: Uint8Array): readonly (readonly [string, bigint])[] {
  if (context !== "skb") return NOTHING;
  const protocol = BigInt((input[ETHERNET_TYPE] ?? 0) | ((input[ETHERNET_TYPE + 1] ?? 0) << 8));
  const length = BigInt(input.length);
  return [
    ["len", length],
    ["wire_len", length],
    ["protocol", protocol],
  ];
}
const NOTHING: readonly never[] = [];

const SET: Record<1 | 2 | 4 | 8, (view: DataView, at: number, value: bigint) => void> = {
  1: (view, at, value) => view.setUint8(at, Number(BigInt.asUintN(8, value))),
  2: (view, at, value) => view.setUint16(at, Number(BigInt.asUintN(16, value)), true),
  4: (view, at, value) => view.setUint32(at, Number(BigInt.asUintN(32, value)), true),
  8: (view, at, value) => view.setBigUint64(at, BigInt.asUintN(64, value), true),
};
const GET: Record<1 | 2 | 4 | 8, (view: DataView, at: number) => bigint> = {
  1: (view, at) => BigInt(view.getUint8(at)),
  2: (view, at) => BigInt(view.getUint16(at, true)),
  4: (view, at) => BigInt(view.getUint32(at, true)),
  8: (view, at) => view.getBigUint64(at, true),
};

/** Accesses by the table of fields. */
class Fields implements FieldMemory {
  constructor(
    private readonly kind: ContextKind,
    private readonly structure: ContextStructure,
    private readonly region: Region,
  ) {}

  load(offset: number, size: 1 | 2 | 4 | 8): U64 | undefined {
    const access = fieldAccess(this.kind, offset, size, "load");
    if (access === undefined) return undefined;
    const { field, low } = access;
    if (field.sort === "any") return u64(GET[size](this.region.view, field.at + low));
    const whole = GET[field.width](this.region.view, this.placeOf(access));
    return u64(field.sort === "packet" ? whole : BigInt.asUintN(8 * size, whole >> BigInt(8 * low)));
  }

  store(offset: number, size: 1 | 2 | 4 | 8, value: U64): boolean {
    const access = fieldAccess(this.kind, offset, size, "store");
    if (access === undefined) return false;
    const { field, low } = access;
    if (field.sort === "any") SET[size](this.region.view, field.at + low, value);
    else SET[field.width](this.region.view, this.placeOf(access), value);
    return true;
  }

  private placeOf({ field: { via = [], at } }: FieldAccess): number {
    return via.reduce((from, pointer) => this.structure.pointers.get(from + pointer)!, 0) + at;
  }
}
