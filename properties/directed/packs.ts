// Packs to their ends: of several the one in the middle becomes empty and goes back alone, one of full size is filled to its
// last chunk, and what is freed must have been taken.

import { AssertionError } from "node:assert";
import { ProgPacks } from "../../impl/pack/prog-pack.js";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

const PACK = 4096;
const FULL_PACK = 2 * 1024 * 1024;
const CHUNK = 64;

export const RETURNED_PACK: DirectedCase = {
  name: "an empty pack goes back alone",
  check() {
    const packs = new ProgPacks(new Machine(), { packBytes: PACK });
    const places = [PACK, PACK, PACK - CHUNK, PACK].map((bytes) => packs.bpfProgPackAlloc(bytes)!);
    packs.bpfProgPackFree(places[1]!, PACK);
    const left = packs.packs.map(({ base }) => base).join();
    if (left !== [places[0], places[2], places[3]].join()) return `packs at ${left}`;
    const next = packs.bpfProgPackAlloc(CHUNK);
    return next === places[2]! + PACK - CHUNK ? undefined : `the next allocation is at ${String(next)}`;
  },
};

export const LAST_CHUNK: DirectedCase = {
  name: "a pack of 2 MiB is filled to its last chunk",
  check() {
    const packs = new ProgPacks(new Machine());
    const first = packs.bpfProgPackAlloc(FULL_PACK - CHUNK)!;
    const last = packs.bpfProgPackAlloc(CHUNK)!;
    const count = packs.packs[0]?.bitmap.count;
    if (last !== first + FULL_PACK - CHUNK || count !== FULL_PACK / CHUNK)
      return `it is at ${last}, ${count} are taken`;
    packs.bpfProgPackFree(last, CHUNK);
    const again = packs.bpfProgPackAlloc(CHUNK);
    return again === last ? undefined : `after a free it is at ${String(again)}`;
  },
};

/** What is freed, as chunks from the start of a pack of which the first four and the sixth are taken. */
const WRONG_FREES = [
  ["twice", 4, 1],
  ["that was never taken", 8, 2],
  ["beyond what was taken", 2, 3],
  ["in no pack", -8, 1],
] as const;

export const WRONG_FREE: readonly DirectedCase[] = WRONG_FREES.map(([what, chunk, chunks]) => ({
  name: `a free of room ${what} is caught`,
  check() {
    const packs = new ProgPacks(new Machine(), { packBytes: PACK });
    const base = packs.bpfProgPackAlloc(4 * CHUNK)!;
    const freed = packs.bpfProgPackAlloc(CHUNK)!;
    packs.bpfProgPackAlloc(CHUNK);
    packs.bpfProgPackFree(freed, CHUNK);
    try {
      packs.bpfProgPackFree((base + chunk * CHUNK) as RoAddr, chunks * CHUNK);
    } catch (error) {
      return error instanceof AssertionError ? undefined : String(error);
    }
    return "nobody notices";
  },
}));
