// Taking a word apart, and the ways to refuse one.

import { type Reg, SP, type Width, ZR } from "./registers.js";

/** A reserved value of a field within a class that is modelled. */
export const UNALLOCATED = "unallocated";
/** Outside the modelled classes; possibly a real instruction. */
export const UNMODELLED = "not modelled";
export type Refusal = typeof UNALLOCATED | typeof UNMODELLED | `constrained unpredictable: ${string}`;

/** One encoding class of the manual's chapter C4: the words of a pattern, and what they say. */
export interface ClassRow<Says> {
  /** 32 bits, the highest first; `.` is one that `decode` reads. Spaces are for the eye. */
  readonly pattern: string;
  readonly decode: (word: number) => Says | Refusal;
}
export const row = <Says>(pattern: string, decode: (word: number) => Says | Refusal): ClassRow<Says> => ({
  pattern,
  decode,
});

/** Bits `high`..`low` of the word, at most 26 of them. */
export const bits = (word: number, high: number, low: number): number => (word >>> low) & ((1 << (high - low + 1)) - 1);
export const bit = (word: number, at: number): boolean => ((word >>> at) & 1) !== 0;
/** The same field read as a two's complement number. */
export const signedBits = (word: number, high: number, low: number): number =>
  (word << (31 - high)) >> (31 - high + low);

/** Bit 31 of most data-processing words. */
export const widthOf = (word: number): Width => (bit(word, 31) ? 64 : 32);

export const rd = (word: number): Reg => word & 31;
export const rn = (word: number): Reg => (word >>> 5) & 31;
export const rm = (word: number): Reg => (word >>> 16) & 31;
export const ra = (word: number): Reg => (word >>> 10) & 31;
/** The register of a position where encoding 31 is the stack pointer. */
export const orSp = (reg: Reg): Reg => (reg === ZR ? SP : reg);
