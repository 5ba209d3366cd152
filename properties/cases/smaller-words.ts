// Words that are plainer than a given one, the plainest first: what shrinkers of registers and results try.

import { type U64, u64 } from "../../spec/bits.js";

/** 0, 1, then the same word with fewer of its high bits, then half of it. */
export function* smallerWords(word: U64): Generator<U64> {
  if (word === 0n) return;
  yield u64(0n);
  if (word > 1n) yield u64(1n);
  for (const bits of [8, 16, 32, 48]) {
    const low = u64(BigInt.asUintN(bits, word));
    if (low !== word && low > 1n) yield low;
  }
  if (word > 3n) yield u64(word >> 1n);
}
