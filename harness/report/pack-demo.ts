// A history to look at: the pack allocator of full size under loads and frees of images of many sizes. The histories of a run
// have small packs, so that they come to their borders soon, which makes no picture.

import assert from "node:assert/strict";
import {
  bpfJitBinaryPackAlloc,
  bpfJitBinaryPackFinalize,
  bpfJitBinaryPackFree,
  HEADER_BYTES,
} from "../../impl/pack/binary-pack.js";
import { BPF_PROG_CHUNK_SIZE } from "../../impl/pack/prog-pack.js";
import { Kernel } from "../../impl/program/kernel.js";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { randomSource } from "../../subjects/random/source.js";
import type { PackEvent, PackHistory } from "./data.js";

const STEPS = 480;
/** Until then, four steps of five are loads; afterwards two of five. */
const FILLING = 290;
const LEAST_BYTES = 256;
const MOST_BYTES = 128 * 1024;

export function demonstration(seed: number): PackHistory {
  const random = randomSource(seed, 0);
  const below = (n: number): number => random.nextInt(0, n - 1);
  const machine = new Machine();
  const kernel = new Kernel({ machine, random: below });
  const events: PackEvent[] = [];
  machine.onEvent = (event) => {
    if (event.kind === "setPermission" && event.permission === "rox") {
      events.push({ kind: "map", at: event.va, bytes: event.bytes });
    } else if (event.kind === "free" && event.area === "vmalloc") events.push({ kind: "unmap", at: event.va });
  };
  const live: { readonly id: number; readonly at: RoAddr }[] = [];
  for (let id = 0; events.length < STEPS; id++) {
    if (live.length === 0 || below(5) < (events.length < FILLING ? 4 : 2)) {
      const image = imageBytes(below);
      const pack = bpfJitBinaryPackAlloc(kernel, image, 8);
      assert(pack !== undefined, `no room for ${image} bytes in the pack`);
      assert.equal(bpfJitBinaryPackFinalize(kernel, pack.roHeader, pack.rwHeader), 0);
      const used = pack.roImage - pack.roHeader + image;
      events.push({ kind: "load", id, at: pack.roHeader, bytes: pack.size, used });
      live.push({ id, at: pack.roHeader });
    } else {
      const [freed] = live.splice(below(live.length), 1);
      events.push({ kind: "free", id: freed!.id });
      bpfJitBinaryPackFree(kernel, freed!.at);
    }
  }
  const about =
    `A demonstration, drawn from the run's seed: ${STEPS} steps of the pack allocator with images of ` +
    "256 bytes to 128 KiB in packs of 2 MiB. The histories that the run checks have packs of 4 to 16 KiB.";
  return { about, chunkBytes: BPF_PROG_CHUNK_SIZE, pageBytes: machine.pageBytes, events };
}

/** As many images between 256 and 512 bytes as between 64 and 128 KiB: a multiple of 4. */
function imageBytes(below: (n: number) => number): number {
  const share = below(2 ** 20) / 2 ** 20;
  const bytes = LEAST_BYTES * (MOST_BYTES / LEAST_BYTES) ** share - HEADER_BYTES;
  return 4 * Math.floor(bytes / 4);
}
