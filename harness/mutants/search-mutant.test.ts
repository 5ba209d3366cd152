// Which of several witnesses of one mutant is kept, with searches that find what they are told to.

import { expect, test } from "vitest";
import { searchMutant } from "./search-mutant.js";
import type { Found, Search } from "./searches.js";

const found = (size: number | undefined): Found => ({
  ...{ oracle: "exec-match", where: "r0", expected: "1", got: "2" },
  shrink: () => ({ text: `of ${size}`, size }),
});
/** Finds these one after the other, and then nothing more. */
const finds = (name: string, ...sizes: readonly (number | undefined)[]): Search => {
  const all = sizes.map(found);
  return { name, share: 1, step: () => all.shift() ?? "nothing" };
};
const TASK = { seed: 1, budgetMs: 1000, shrinkMs: 100 };
const kept = (...searches: readonly Search[]) => searchMutant(TASK, searches, () => undefined)?.text;

test("a small witness gives way to a smaller one of another search", () => {
  expect(kept(finds("programs", 3), finds("single instructions", 1))).toBe("of 1");
  expect(kept(finds("programs", 2), finds("histories", 4, 3))).toBe("of 2");
});

test("a single instruction is small enough, and what has no size is kept as it is", () => {
  expect(kept(finds("programs", 1, 0))).toBe("of 1");
  expect(kept(finds("directed", undefined, 1))).toBe("of undefined");
});

test("without time to shrink there is no witness", () => {
  expect(searchMutant({ ...TASK, shrinkMs: 0 }, [finds("programs", 3)], () => undefined)).toBeUndefined();
});
