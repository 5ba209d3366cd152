// From a word to what it says, strictly: a word is known only if every fixed and should-be bit is as the Arm manual has
// it, its fields are not reserved, and its effect is not constrained unpredictable. Whatever is refused has a reason,
// see `explain`.

import { type Refusal, UNMODELLED } from "./fields.js";
import { type A64Insn, ENCODING_CLASSES, type EncodingClass } from "./insn.js";

/** For each value of the word's top eleven bits, the few classes that it may belong to. */
const BY_TOP_BITS: readonly (readonly EncodingClass[])[] = Array.from({ length: 2048 }, (_, top) => {
  const word = (top << 21) >>> 0;
  return ENCODING_CLASSES.filter(({ mask, value }) => ((word ^ value) & mask & 0xffe0_0000) === 0);
});

/** What `word` says, or undefined if it is not known to this model; then `explain` says why. */
export function decode(word: number): A64Insn | undefined {
  const decoded = decodeOrRefuse(word);
  return typeof decoded === "string" ? undefined : decoded;
}

/**
 * Why `word` is not known: `unallocated` (a reserved field within a modelled class), `constrained unpredictable: ...`,
 * or `not modelled` (possibly a real instruction). Undefined if it is known.
 */
export function explain(word: number): string | undefined {
  const decoded = decodeOrRefuse(word);
  return typeof decoded === "string" ? decoded : undefined;
}

function decodeOrRefuse(word: number): A64Insn | Refusal {
  for (const { mask, value, decode } of BY_TOP_BITS[word >>> 21]!) {
    if (((word ^ value) & mask) === 0) return decode(word);
  }
  return UNMODELLED;
}
