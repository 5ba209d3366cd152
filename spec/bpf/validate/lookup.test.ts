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
    // A pointer moved by what may be a number is a pointer.
    [
      "",
      [
        i("ldxdw", { dst: 3, src: 10, off: -8 }),
        jump("jeq", 3, 1),
        mov(3, 0),
        i("and imm", { dst: 3, imm: 4 }),
        copy(4, 10),
        i("sub reg", { dst: 4, src: 3 }),
        i("stb", { dst: 4, off: -8 }),
        ...end,
      ],
    ],
    // Compared, but with another lookup in between.
    ["14 nullPointer", [copy(6, 0), ...lookup, jump("jeq", 0, 1), use(6), ...end]],
  ])("%s", (expected, code) => {
    expect(problems(program([...lookup, ...code]))).toBe(expected);
  });
});

test("a map pointer may come from the stack, a number or the frame pointer is none", () => {
  const spilled = [
    ...lddw("mapFd", 1, 0),
    i("stxdw", { dst: 10, src: 1, off: -8 }),
    i("ldxdw", { dst: 1, src: 10, off: -8 }),
  ];
  const key = [i("stw", { dst: 10, off: -12 }), copy(2, 10), add(2, -12)];
  const end = [helper(3), exit];
  expect(problems(program([...spilled, ...key, ...end]))).toBe("");
  expect(problems(program([mov(1, 5), ...key, ...end]))).toBe("4 badArgument");
  expect(problems(program([...spilled, copy(1, 10), ...key, ...end]))).toBe("8 badArgument");
});
