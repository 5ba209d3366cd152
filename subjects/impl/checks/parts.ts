// Pieces of our own code, each against a plain way to the same answer: the bitmap of a pack, bitmask immediates, and what the
// packs assert of their callers.

import { AssertionError } from "node:assert";
import { bitmask } from "../../../impl/a64/bitmask.js";
import { Bitmap } from "../../../impl/pack/bitmap.js";
import { ProgPacks } from "../../../impl/pack/prog-pack.js";
import type { RoAddr } from "../../../machine/address.js";
import { Machine } from "../../../machine/machine.js";
import { decodeBitmask } from "../../../spec/a64/bitmask.js";
import { CHUNK_BYTES } from "../../../spec/pack/allocator.js";
import type { DirectedCase } from "../../subject.js";

const BITS = 100;
const BORDERS = [31, 32, 33, 63, 64, 65, 95, 96, 97, 99];

/** A taken bit on either side of each border between words, and runs that end just there, which few histories reach. */
const BITMAP_RUNS: DirectedCase = {
  name: "runs of chunks at the borders of words",
  check() {
    for (const first of [0, 1, ...BORDERS]) {
      for (const second of BORDERS) {
        if (second <= first) continue;
        const bitmap = new Bitmap(BITS);
        const taken = new Array<boolean>(BITS).fill(false);
        for (const bit of [first, second]) {
          bitmap.set(bit, 1);
          taken[bit] = true;
        }
        for (let length = 1; length <= BITS; length++) {
          const [got, expected] = [bitmap.firstFit(length), lowestRun(taken, length)];
          if (got !== expected)
            return `${length} chunks beside ${first} and ${second}: at ${got}, expected ${expected}`;
        }
      }
    }
    return undefined;
  },
};

function lowestRun(taken: readonly boolean[], length: number): number {
  for (let at = 0; at + length <= taken.length; at++) {
    if (!taken.slice(at, at + length).includes(true)) return at;
  }
  return -1;
}

const WIDTHS = [32, 64] as const;
const FIELDS = 2 ** 13;
const ELEMENTS = 2 ** 16;

/** A value of equal 16-bit parts is an immediate exactly if some N:immr:imms stands for it; then the encoder finds one. */
const BITMASK_ELEMENTS: DirectedCase = {
  name: "every element of 16 bits is a bitmask immediate or none, as the manual says",
  check() {
    for (const width of WIDTHS) {
      const values = Array.from({ length: FIELDS }, (_, field) =>
        decodeBitmask(field >> 12, (field >> 6) & 63, field & 63, width),
      );
      const low = (value: bigint): number => Number(BigInt.asIntN(32, value));
      const repeated = new Set(
        values.flatMap((value) => (value !== undefined && isRepeated(value, width) ? low(value) : [])),
      );
      for (let element = 0; element < ELEMENTS; element++) {
        const half = (element << 16) | element;
        const field = bitmask(width === 64 ? 1 : 0, half, half);
        const isRight = field < 0 ? !repeated.has(half) : low(values[field] ?? 0n) === half;
        if (!isRight) return `0x${element.toString(16)} in ${width} bits becomes 0x${field.toString(16)}`;
      }
    }
    return undefined;
  },
};

/** Made of equal parts of 16 bits. */
const isRepeated = (value: bigint, width: number): boolean =>
  value === (value & 0xffffn) * (width === 64 ? 0x1_0001_0001_0001n : 0x1_0001n);

const PACK = 4096;

/** What is freed, as chunks from the start of a pack of which the first four and the sixth are taken. */
const WRONG_FREES = [
  ["twice", 4, 1],
  ["that was never taken", 8, 2],
  ["beyond what was taken", 2, 3],
  ["in no pack", -8, 1],
] as const;

const WRONG_FREE: readonly DirectedCase[] = WRONG_FREES.map(([what, chunk, chunks]) => ({
  name: `a free of room ${what} is caught`,
  check() {
    const packs = new ProgPacks(new Machine(), { packBytes: PACK });
    const base = packs.bpfProgPackAlloc(4 * CHUNK_BYTES)!;
    const freed = packs.bpfProgPackAlloc(CHUNK_BYTES)!;
    packs.bpfProgPackAlloc(CHUNK_BYTES);
    packs.bpfProgPackFree(freed, CHUNK_BYTES);
    try {
      packs.bpfProgPackFree((base + chunk * CHUNK_BYTES) as RoAddr, chunks * CHUNK_BYTES);
    } catch (error) {
      return error instanceof AssertionError ? undefined : String(error);
    }
    return "expected an assertion, none fired";
  },
}));

export const PARTS: readonly DirectedCase[] = [BITMAP_RUNS, BITMASK_ELEMENTS, ...WRONG_FREE];
