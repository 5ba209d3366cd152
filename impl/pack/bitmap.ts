// Which chunks of a pack are taken: one bit each, 32 to a word, searched and changed a word at a time.

import { assert } from "../../spec/assert.js";

const ALL = 0xffff_ffff;

export class Bitmap {
  private readonly words: Uint32Array;
  /** Bits that are set. */
  count = 0;
  /** No bit below this one is clear. */
  private lowest = 0;

  constructor(readonly bits: number) {
    assert(bits > 0, () => `a bitmap of ${bits} bits`);
    // Bits of the last word beyond the end stay clear and never fit.
    this.words = new Uint32Array(Math.ceil(bits / 32));
  }

  /** The first of the lowest `length` clear bits in a row, or -1. */
  firstFit(length: number): number {
    let start = this.nextClear(this.lowest);
    this.lowest = start;
    while (start + length <= this.bits) {
      const taken = this.nextSet(start + 1, start + length);
      if (taken >= start + length) return start;
      start = this.nextClear(taken + 1);
    }
    return -1;
  }

  set(start: number, length: number): void {
    this.count += length;
    this.mark(start, length, true);
  }

  clear(start: number, length: number): void {
    this.count -= length;
    this.lowest = Math.min(this.lowest, start);
    this.mark(start, length, false);
  }

  /** Are all of them set? */
  isSet(start: number, length: number): boolean {
    return start + length <= this.bits && this.nextClear(start) >= start + length;
  }

  /** The first clear bit at or after `from`, or `bits`. */
  private nextClear(from: number): number {
    const { words } = this;
    if (from >= this.bits) return this.bits;
    let index = wordOf(from);
    let free = ~words[index]! & (ALL << (from & 31));
    while (free === 0) {
      index++;
      if (index === words.length) return this.bits;
      free = ~words[index]!;
    }
    return index * 32 + lowestBit(free);
  }

  /** The first set bit in [from, end), or `end`. */
  private nextSet(from: number, end: number): number {
    const { words } = this;
    if (from >= end) return end;
    let index = wordOf(from);
    let taken = words[index]! & (ALL << (from & 31));
    const last = wordOf(end - 1);
    while (taken === 0) {
      index++;
      if (index > last) return end;
      taken = words[index]!;
    }
    return Math.min(end, index * 32 + lowestBit(taken));
  }

  /** Set bits that are all clear, or clear any. */
  private mark(start: number, length: number, isTaken: boolean): void {
    const { words, bits } = this;
    const end = start + length;
    assert(start >= 0 && length > 0 && end <= bits, () => `bits ${start}+${length} of ${bits}`);
    for (let at = start; at < end; ) {
      const low = at & 31;
      const span = Math.min(32 - low, end - at);
      const mask = (span === 32 ? ALL : (1 << span) - 1) << low;
      const before = words[wordOf(at)]!;
      assert(!isTaken || (before & mask) === 0, () => `bits ${start}+${length} are not all clear`);
      words[wordOf(at)] = isTaken ? before | mask : before & ~mask;
      at += span;
    }
  }
}

/** Index of the word that holds a bit. */
const wordOf = (bit: number): number => bit >>> 5;
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
