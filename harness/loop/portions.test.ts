import { expect, test } from "vitest";
import { portions } from "./portions.js";

/** Sizes of what is made, and what is yielded, in order. */
function cut(sizes: readonly number[]): readonly string[] {
  const log: string[] = [];
  const make = (nth: number): number => {
    log.push(`make ${nth}`);
    return sizes[nth]!;
  };
  for (const { first, made } of portions(sizes.length, make, (size) => size)) log.push(`${first}: ${made}`);
  return log;
}

test("short cases are made all at once, long ones one by one, each when its turn comes", () => {
  expect(cut([])).toEqual([]);
  expect(cut([50, 60])).toEqual(["make 0", "make 1", "0: 50,60"]);
  expect(cut([8000, 192, 1])).toEqual(["make 0", "make 1", "0: 8000,192", "make 2", "2: 1"]);
  expect(cut([9000, 9000])).toEqual(["make 0", "0: 9000", "make 1", "1: 9000"]);
});

test("what is empty is made all the same", () => {
  expect(cut([0, 0])).toEqual(["make 0", "make 1", "0: 0,0"]);
});
