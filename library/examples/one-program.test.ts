import { check, parseProgram } from "roxcheck";
import { expect, test } from "vitest";
import "roxcheck/vitest";

test("a 32-bit modulo by zero leaves the dividend, cut to 32 bits", () => {
  const program = parseProgram("r0 = -1\nr1 = 0\nw0 %= w1\nexit\n");
  expect(program).toMatchReference();
  // The same without the matcher.
  expect(check(program).verdict).toEqual({ kind: "agree" });
});
