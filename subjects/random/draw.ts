// The random source of the generators: a small fast generator (sfc32) whose 96-bit state comes from fast-check's. A case
// takes hundreds of draws, and a ranged draw costs 3 ns here instead of 10. The value of a case stays a pure
// function of fast-check's source, so seeds and paths replay.

import type { Random } from "fast-check";

/** The set bits of every mask of R0..R10. */
const BITS: readonly Uint8Array[] = Array.from({ length: 2048 }, (_, mask) =>
  Uint8Array.from({ length: 11 }, (_, bit) => bit).filter((bit) => (mask >> bit) & 1),
);

export class Draw {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(source: Pick<Random, "nextInt">) {
    this.#a = source.nextInt();
    this.#b = source.nextInt();
    this.#c = source.nextInt();
    for (let i = 0; i < 8; i++) this.word();
  }

  /** 32 random bits, unsigned. */
  word(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** 0 <= x < n, for 1 <= n <= 2^21 evenly. */
  below(n: number): number {
    return Math.floor((this.word() / 4_294_967_296) * n);
  }

  /** low <= x <= high. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in that many of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A set bit of a non-empty mask of R0..R10. */
  bit(mask: number): number {
    const bits = BITS[mask & 2047]!;
    return bits[this.below(bits.length)]!;
  }
}
