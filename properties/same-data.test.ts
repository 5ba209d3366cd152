import { inspect } from "node:util";
import { expect, test } from "vitest";
import { isSameData } from "./same-data.js";

const step = { kind: "run", args: [1n, 2n], ip: undefined };

test.each<[unknown, unknown, boolean]>([
  [step, { kind: "run", args: [1n, 2n], ip: undefined }, true],
  [step, { kind: "run", args: [1n, 3n], ip: undefined }, false],
  [step, { kind: "run", args: [1n], ip: undefined }, false],
  [step, { kind: "run", args: [1n, 2n], retval: undefined }, false],
  [step, { kind: "run", args: [1n, 2n] }, false],
  [[1], { 0: 1 }, false],
  [{ 0: 1 }, [1], false],
  [0, undefined, false],
  [null, {}, false],
  ["a", "a", true],
])("pair %#", (a, b, isSame) => {
  expect(isSameData(a, b), inspect([a, b])).toBe(isSame);
});
