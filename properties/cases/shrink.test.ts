import { describe, expect, test } from "vitest";
import { u64 } from "../../spec/bits.js";
import { candidates, descend, isLighter, type Shrinker, whileTime } from "./shrink.js";
import { simplerEach, smallerNumbers, smallerWords, withoutEach } from "./smaller.js";

const LISTS: Shrinker<readonly number[]> = {
  passes: [(list) => withoutEach(list), (list) => simplerEach(list, (n) => smallerNumbers(n))],
  weigh: (list) => [list.length, list.reduce((sum, n) => sum + Math.abs(n), 0), list.filter((n) => n < 0).length],
};

test("the first number that differs says what is simpler", () => {
  expect(isLighter([1, 9, 9], [2, 0, 0])).toBe(true);
  expect(isLighter([1, 2, 3], [1, 2, 2])).toBe(false);
  expect(isLighter([1, 2, 3], [1, 2, 3])).toBe(false);
});

describe("a descent", () => {
  const sum = (list: readonly number[]): number => list.reduce((n, one) => n + one, 0);

  test("ends where no single step is simpler and still fails", () => {
    const fails = (list: readonly number[]): boolean => sum(list) > 10;
    const small = descend(LISTS, [3, 70, -20, 4], fails, 1000);
    expect(small).toEqual([11]);
    expect([...candidates(LISTS, small)].filter(fails)).toEqual([]);
  });

  test("asks no more often than it may, and not at all once it is told to stop", () => {
    let asked = 0;
    descend(LISTS, [1, 2, 3, 4, 5], () => ++asked < 0, 4);
    expect(asked).toBe(4);
    const late = whileTime<readonly number[]>(
      () => asked++ < 5,
      () => true,
    );
    expect(descend(LISTS, [1, 2, 3, 4, 5], late, 1000)).toHaveLength(4);
    expect(asked).toBe(6);
  });

  test("keeps to what may stand for the start", () => {
    const even: typeof LISTS = { ...LISTS, standard: (start) => (list) => sum(list) % 2 === sum(start) % 2 };
    expect(descend(even, [5, 4], () => true, 1000)).toEqual([1]);
  });
});

test("smaller numbers and words begin with the simplest and come closer", () => {
  expect([...smallerNumbers(8)]).toEqual([0, 1, 4, 6, 7]);
  expect([...smallerNumbers(-3)]).toEqual([0, 3, -1, -2]);
  expect([...smallerNumbers(5, 4)]).toEqual([4]);
  expect([...smallerNumbers(4, 4)]).toEqual([]);
  expect([...smallerWords(u64(0x1_0002n))]).toEqual([0n, 1n, 2n, 0x8001n]);
});
