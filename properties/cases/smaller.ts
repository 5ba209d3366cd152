// Simpler words, numbers and lists, the simplest first: what the passes of all shrinkers are made of.

import { type U64, u64 } from "../../spec/bits.js";

/** 0, 1, then the same word with fewer of its high bits, then half of it. */
export function* smallerWords(word: U64): Generator<U64> {
  if (word === 0n) return;
  yield u64(0n);
  if (word > 1n) yield u64(1n);
  let before = u64(1n);
  for (const bits of [8, 16, 32, 48]) {
    const low = u64(BigInt.asUintN(bits, word));
    if (low === word || low <= before) continue;
    yield low;
    before = low;
  }
  if (word > 3n) yield u64(word >> 1n);
}

/** The least, its neighbour, then ever closer to the number; of a negative one also the positive one. */
export function* smallerNumbers(n: number, least = 0): Generator<number> {
  const gap = n - least;
  if (gap === 0) return;
  yield least;
  if (n < 0) yield -n;
  if (Math.abs(gap) > 2) yield least + Math.sign(gap);
  for (let left = Math.trunc(gap / 2); left !== 0; left = Math.trunc(left / 2)) yield n - left;
}

/** Without one of the items. */
export function* withoutEach<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i++) yield items.toSpliced(i, 1);
}

/** With a simpler one in the place of one of the items. */
export function* simplerEach<T>(
  items: readonly T[],
  simpler: (item: T, index: number) => Iterable<T>,
): Generator<readonly T[]> {
  for (const [i, item] of items.entries()) for (const other of simpler(item, i)) yield items.with(i, other);
}
