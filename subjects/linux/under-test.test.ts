import { expect, test } from "vitest";
import { NATIVE } from "./native.js";
import { TRAPS } from "./traps/index.js";
import { NEVER_TRAPPED } from "./under-test.js";

test("the functions under test run as they are: none is trapped, and all may run", () => {
  const names = Object.values(NEVER_TRAPPED).flat();
  const trapped = new Set(TRAPS.filter(({ kind }) => kind === "trap").flatMap((row) => row.names));
  expect(names.filter((name) => trapped.has(name))).toEqual([]);
  expect(names.filter((name) => !NATIVE.includes(name))).toEqual([]);
});
