// Where the lowest run of free chunks begins, by the words of a bitmap and by a look at every single bit: a taken bit on
// either side of each border between words, and runs that end just there, which few histories come to.

import { Bitmap } from "../../impl/pack/bitmap.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

const BITS = 100;
const BORDERS = [31, 32, 33, 63, 64, 65, 95, 96, 97, 99];

export const BITMAP_RUNS: DirectedCase = { name: "runs of chunks at the borders of words", check };

function check(): string | undefined {
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
        if (got !== expected) return `${length} chunks beside ${first} and ${second}: at ${got}, expected ${expected}`;
      }
    }
  }
  return undefined;
}

function lowestRun(taken: readonly boolean[], length: number): number {
  for (let at = 0; at + length <= taken.length; at++) {
    if (!taken.slice(at, at + length).includes(true)) return at;
  }
  return -1;
}
