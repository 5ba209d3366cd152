// The randomness of program number `index` of a seed: a pure function of both, so that any worker can make any program.

import fc from "fast-check";

/** Finalizer of MurmurHash3: a bijection of 32-bit words in which every bit of the input moves every bit of the output. */
function scramble(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

const GOLDEN = 0x9e37_79b9;

/**
 * Word n is a hash of seed, index and n. For one seed and n it is a bijection of the index's low 32 bits, so that the
 * programs of a seed never repeat because of the seeding.
 */
class Words {
  constructor(
    private readonly seed: number,
    private readonly index: number,
    private n = 0,
  ) {}

  next(): number {
    const salt = scramble(this.seed + Math.imul(++this.n, GOLDEN));
    const high = scramble(Math.floor(this.index / 2 ** 32) + this.n);
    return scramble(scramble((this.index | 0) + salt) + high + this.n) | 0;
  }

  clone(): Words {
    return new Words(this.seed, this.index, this.n);
  }

  getState(): readonly number[] {
    return [this.seed, this.index, this.n];
  }
}

export const randomSource = (seed: number, index: number): fc.Random => new fc.Random(new Words(seed, index));
