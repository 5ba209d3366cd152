// What an encoder answers: a 32-bit A64 word, or the reason why there is none. Reasons are small negative numbers, so an
// answer stays one plain number on the hot path and a refusal can never be taken for a word. The JIT puts FILL in the
// place of a refused word and then refuses the whole program, as the kernel's does.

import type { Brand } from "../../spec/bits.js";

/** An instruction: 0 <= word < 2^32. */
export type Word = Brand<number, "A64Word">;

/** Why an encoder refused. */
export const REFUSALS = {
  /** The immediate has more bits than the field, or bits where the field has none. */
  immediate: -1,
  /** The value is not a rotated run of ones repeated over the register. */
  bitmask: -2,
  /** Shift amount or bit position outside the width. */
  shift: -3,
  /** Memory offset outside the field or not a multiple of the access size. */
  offset: -4,
  /** The target is too far away. */
  branchRange: -5,
  /** The byte distance is not a multiple of 4. */
  branchAlignment: -6,
} as const;
export type RefusalName = keyof typeof REFUSALS;
export type Refusal = (typeof REFUSALS)[RefusalName];
export type Encoded = Word | Refusal;

/** BRK #0x100: fills memory that holds no code, and stands for every word that could not be encoded. */
export const FILL = 0xd420_2000 as Word;

const NAMES = new Map<number, RefusalName>(Object.entries(REFUSALS).map(([name, code]) => [code, name as RefusalName]));

export const isRefusal = (encoded: Encoded): encoded is Refusal => encoded < 0;

/** The reason's name. @throws RangeError for anything that is not a refusal: a slip in our own code. */
export function refusalName(refusal: Refusal): RefusalName {
  const name = NAMES.get(refusal);
  if (name === undefined) throw new RangeError(`${refusal} is not a refusal`);
  return name;
}

/** Make any 32 bits an unsigned word. */
export const word = (bits: number): Word => (bits >>> 0) as Word;
