import { expect, test } from "vitest";
import { POSSIBLE } from "../../properties/coverage/matrix.js";
import { heat, matrix } from "./matrix.js";

test("families hold every possible cell once, reached or not", () => {
  const families = matrix({});
  expect(families.map(({ title }) => title)).toEqual([
    "Arithmetic with a constant",
    "Arithmetic on registers",
    "Branches on a constant",
    "Other branches",
    "Loads and stores",
    "Atomics",
    "Calls and 64-bit constants",
  ]);
  const cells = families.flatMap((family) => family.cells);
  expect(cells.length).toBe(POSSIBLE.reduce((n, { strategies }) => n + strategies.length, 0));
  expect(cells.filter(({ count, unexpected }) => count > 0 || unexpected)).toEqual([]);
});

test("a cell that nobody expected is drawn and marked", () => {
  const [family] = matrix({ "add imm": { immediate: 12, loop: 1 } });
  expect(family?.cells.filter(({ count }) => count > 0)).toEqual([
    { row: "add imm", group: "base64", strategy: "immediate", count: 12, unexpected: false },
    { row: "add imm", group: "base64", strategy: "LL/SC loop", count: 1, unexpected: true },
  ]);
  expect(family?.strategies.at(-1)).toBe("LL/SC loop");
});

test("heat rises by powers of ten", () => {
  expect([0, 1, 9, 10, 999, 1000, 10_000, 5_000_000].map(heat)).toEqual([0, 1, 1, 2, 3, 4, 5, 5]);
});
