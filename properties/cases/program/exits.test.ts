// A division by zero that ends the program, on purpose: what else goes wrong there is not hidden.

import { describe, expect, test } from "vitest";
import { withExits } from "./exits.js";
import { parseCase, printCase } from "./text.js";

const exit = (when: { src: "zero" } | { src32: "zero" }, ...forms: string[]) => ({
  ...{ kind: "exit" as const, name: "division", reason: "by design", forms, when, result: 0 },
});

const programOf = (...lines: string[]) => {
  const parsed = parseCase(["# input: zero 8", "", ...lines, ""].join("\n"));
  if (!parsed.ok) throw new RangeError(parsed.error.message);
  return parsed.value;
};
function linesOf(lines: readonly string[], exits: readonly ReturnType<typeof exit>[]): readonly string[] | undefined {
  const c = programOf(...lines);
  const meant = withExits(c.program, exits);
  const text = meant && printCase({ ...c, program: meant.program }, { title: undefined });
  return text
    ?.slice(text.indexOf("\n\n") + 2)
    .trim()
    .split("\n");
}

describe("a program as a subject means it that ends it at a division by zero", () => {
  test("asks for the operand first, and jumps lead to where that is asked", () => {
    const lines = ["r0 = 7", "r2 = 0", "if r0 == 7 goto +1", "r0 = 1", "r0 /= r2", "exit"];
    expect(linesOf(lines, [exit({ src: "zero" }, "div reg")])?.map((line) => line.trim())).toEqual([
      ...["r0 = 7", "r2 = 0", "if r0 == 7 goto L4", "r0 = 1", "L4:"],
      ...["if r2 != 0 goto L7", "r0 = 0", "exit", "L7:", "r0 /= r2", "exit"],
    ]);
  });

  test("only in those forms, and not inside of local functions", () => {
    const lines = ["r0 = 7", "r2 = 0", "r0 %= r2", "exit"];
    expect(linesOf(lines, [exit({ src: "zero" }, "div reg")])).toBeUndefined();
    const local = ["call f", "exit", "f:", "r0 = 7", "r2 = 0", "r0 /= r2", "exit"];
    expect(linesOf(local, [exit({ src: "zero" }, "div reg")])).toBeUndefined();
  });
});
