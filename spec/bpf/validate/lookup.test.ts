import { describe, expect, test } from "vitest";
import type { Insn } from "../insn.js";
import { add, copy, exit, helper, i, lddw, mov, problems, program } from "./testing.js";

describe("what a lookup returns has to be compared with 0 before it is used", () => {
  const lookup = [...lddw("mapFd", 1, 0), i("stw", { dst: 10, off: -4 }), copy(2, 10), add(2, -4), helper(1)];
  const jump = (op: string, dst: number, off: number): Insn => i(`${op} imm`, { dst, off });
  const use = (dst: number): Insn => i("stb", { dst });
  const end = [mov(0, 0), exit];

  test.each<[string, readonly Insn[]]>([
    ["6 nullPointer", [use(0), ...end]],
    ["6 nullPointer", [add(0, 8), ...end]],
    ["7 nullPointer", [copy(6, 0), i("ldxw", { dst: 1, src: 6 }), ...end]],
    ["", [jump("jne", 0, 1), exit, use(0), ...end]],
    ["", [jump("jeq", 0, 1), use(0), ...end]],
    // A copy is as good as what it was copied from.
    ["", [copy(6, 0), jump("jeq", 0, 2), use(6), add(6, 4), ...end]],
    // The wrong way round: on this path it is the number 0.
    ["7 pointerMisuse", [jump("jne", 0, 1), use(0), ...end]],
    // 32 bits of it say nothing.
    ["7 nullPointer", [jump("jeq32", 0, 1), use(0), ...end]],
    // The paths meet again.
    ["8 nullPointer", [jump("jeq", 0, 1), add(0, 4), use(0), ...end]],
    // Compared, but with another lookup in between.
    ["14 nullPointer", [copy(6, 0), ...lookup, jump("jeq", 0, 1), use(6), ...end]],
  ])("%s", (expected, code) => {
    expect(problems(program([...lookup, ...code]))).toBe(expected);
  });
});
