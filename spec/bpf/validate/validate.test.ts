import { describe, expect, test } from "vitest";
import type { Insn } from "../insn.js";
import { add, call, copy, exit, helper, i, lddw, mov, problems, program } from "./testing.js";
import { validate } from "./validate.js";

describe("a program is refused by slot and reason", () => {
  test.each<[string, readonly Insn[]]>([
    ["0 empty", []],
    ["0 uninitialisedRegister", [exit]],
    ["0 uninitialisedRegister", [copy(0, 2), exit]],
    ["1 uninitialisedRegister", [mov(0, 0), i("lock cmpxchg", { dst: 10, off: -8, src: 6 }), exit]],
    ["0 badRegister", [mov(12, 0), exit]],
    ["0 reservedField", [{ ...mov(0, 0), off: 1 }, exit]],
    ["0 badSelector", [{ ...i("movsx 8", { src: 1 }), off: 9 }, exit]],
    ["0 unpairedLddw", [i("lddw high"), mov(0, 0), exit]],
    ["1 unpairedLddw", [i("lddw imm64"), exit]],
    ["1 unpairedLddw", [mov(0, 0), i("lddw imm64")]],
    ["1 notSupported", [mov(0, 0), i("tail call"), exit]],
    ["1 notModelled", [mov(0, 0), i("call kfunc"), exit]],
    ["0 notSupported", [...lddw("code", 0, 0), exit]],
    ["0 notSupported", [...lddw("variable", 0, 0), exit]],
    ["0 badMapIndex", [...lddw("mapFd", 0, 2), exit]],
    ["0 badMapIndex", [...lddw("mapIndexValue", 0, 1), exit]],
    ["0 badMapIndex", [...lddw("mapFdValue", 0, 0, 16), exit]],
    ["0 reservedField", [...lddw("mapIndex", 0, 0, 1), exit]],
    ["0 writeToFramePointer", [mov(10, 0), exit]],
    ["0 writeToFramePointer", [i("lock xchg", { dst: 1, src: 10 }), exit]],
    ["1 divisorZero", [mov(0, 0), i("smod32 imm"), exit]],
    ["1 shiftRange", [mov(0, 0), i("lsh32 imm", { imm: 32 }), exit]],
    ["1 shiftRange", [mov(0, 0), i("arsh imm", { imm: -1 }), exit]],
    ["0 jumpOutOfRange", [i("ja", { off: 1 }), exit]],
    ["0 jumpOutOfRange", [i("gotol", { imm: -2 }), exit]],
    ["0 jumpIntoLddw", [i("ja", { off: 1 }), ...lddw("imm64", 0, 0), exit]],
    ["0 fallsOffEnd", [mov(0, 0)]],
    ["1 fallsOffEnd", [mov(0, 0), i("jeq imm", { off: -1 })]],
    ["2 unreachable", [mov(0, 0), exit, mov(0, 1), exit]],
    ["0 badCallTarget", [call(2), exit]],
    ["0 badCallTarget", [call(2), exit, ...lddw("imm64", 0, 0), exit]],
    ["1 callDepth", [mov(0, 0), call(-2), exit]],
    ["3 callDepth", [call(1), exit, mov(0, 0), call(-2), exit]],
    ["0 stackOutOfBounds", [i("stb", { dst: 10 }), mov(0, 0), exit]],
    ["0 stackOutOfBounds", [i("ldxdw", { src: 10, off: -4 }), exit]],
    ["2 stackOutOfBounds", [copy(2, 10), add(2, -512), i("ldxb", { src: 2, off: -1 }), exit]],
    ["4 stackOutOfBounds", [...lddw("mapFd", 1, 0), copy(2, 10), add(2, -3), helper(1), exit]],
    ["0 notModelled", [helper(99), exit]],
    ["4 badArgument", [...lddw("mapFd", 1, 1), copy(2, 10), add(2, -4), helper(1), exit]],
    ["3 badArgument", [...lddw("mapFd", 1, 0), mov(2, 0), helper(1), exit]],
    ["2 badArgument", [copy(2, 10), add(2, -8), helper(1), exit]],
    ["1 misalignedAtomic", [mov(0, 0), i("lock add", { dst: 10, off: -12 }), exit]],
    ["1 pointerMisuse", [mov(0, 0), i("stb", { dst: 0 }), exit]],
    ["0 pointerMisuse", [i("mul imm", { dst: 1, imm: 2 }), mov(0, 0), exit]],
    ["0 pointerMisuse", [i("add32 imm", { dst: 1, imm: 2 }), mov(0, 0), exit]],
    ["1 pointerMisuse", [copy(2, 10), i("add reg", { dst: 2, src: 1 }), mov(0, 0), exit]],
    ["3 badArgument", [...lddw("mapFd", 2, 0), mov(3, 0), helper(12), mov(0, 0), exit]],
    ["3 pointerMisuse", [call(1), exit, copy(0, 10), exit]],
  ])("%s", (expected, code) => {
    expect(problems(program(code))).toBe(expected);
  });
});

test("no code at all is refused", () => {
  expect(problems({ code: [], maps: [], context: "memory" })).toBe("0 empty");
});

test("problems name the code they are in", () => {
  const validity = validate({ code: [[mov(0, 0), exit], [exit]], maps: [], context: "memory" });
  expect(validity).toEqual({
    ok: false,
    problems: [
      {
        code: 1,
        pc: 0,
        reason: "uninitialisedRegister",
        message: "r0 is read, but not written on every path to here",
      },
    ],
  });
});

test("a helper outside the given set is refused, and its arguments must be written", () => {
  expect(problems(program([helper(7), exit]), { helpers: new Set([7]) })).toBe("");
  expect(problems(program([helper(5), exit]), { helpers: new Set([7]) })).toBe("0 notModelled");
  expect(problems(program([...lddw("mapFd", 1, 0), helper(1), exit]))).toBe("2 uninitialisedRegister");
});

test("a call leaves r1..r5 unwritten and r0 written", () => {
  expect(problems(program([mov(2, 1), helper(7), copy(6, 0), copy(3, 2), exit]))).toBe("3 uninitialisedRegister");
});

test("a tail call leaves r0 as it was", () => {
  const tail = [...lddw("mapFd", 2, 1), mov(3, 0), helper(12), exit];
  expect(problems(program(tail))).toBe("4 uninitialisedRegister");
  expect(problems(program([mov(0, 7), ...tail]))).toBe("");
});

test("a register must be written on every path", () => {
  const diamond = (right: Insn): readonly Insn[] => [
    i("jeq imm", { dst: 1, off: 2 }),
    mov(0, 0),
    i("ja", { off: 1 }),
    right,
    exit,
  ];
  expect(problems(program(diamond(mov(0, 1))))).toBe("");
  expect(problems(program(diamond(mov(6, 1))))).toBe("4 uninitialisedRegister");
});

test("an argument of a function must be written at every call", () => {
  const code = (second: Insn): readonly Insn[] => [mov(2, 0), call(3), second, call(1), exit, copy(0, 2), exit];
  expect(problems(program(code(mov(2, 1))))).toBe("");
  expect(problems(program(code(mov(3, 1))))).toBe("5 uninitialisedRegister");
});

test("r6..r9 of a caller are not its callee's", () => {
  expect(problems(program([mov(6, 0), call(1), exit, copy(0, 6), exit]))).toBe("3 uninitialisedRegister");
});

/** `count` functions that call one another in a row, each with `bytes` of stack. */
const chain = (count: number, bytes = 0): readonly Insn[] =>
  Array.from({ length: count }, (_, f) => [
    bytes === 0 ? mov(0, 0) : i("stdw", { dst: 10, off: -bytes }),
    f === count - 1 ? mov(0, 1) : call(1),
    exit,
  ]).flat();

test("eight frames are enough", () => {
  expect(problems(program(chain(8)))).toBe("");
  expect(problems(program(chain(9)))).toBe("22 callDepth");
});

test("the frames of a chain share 512 bytes", () => {
  expect(problems(program(chain(8, 64)))).toBe("");
  expect(problems(program(chain(8, 72)))).toBe("18 combinedStack, 21 combinedStack");
  expect(problems(program(chain(8, 72)), { strictness: "rfc" })).toBe("");
});

test("a private stack is not among them, if no function has a tail call", () => {
  const nesting = (code: readonly Insn[]) => ({ ...program(code), privateStack: true });
  expect(problems(nesting(chain(8, 72)))).toBe("");
  expect(problems(nesting(chain(8, 512)))).toBe("");
  expect(problems(nesting(chain(8, 520)))).toMatch(/stackOutOfBounds/);
});

test("more than 256 functions are refused", () => {
  const callAll = (count: number): readonly Insn[] => [
    ...Array.from({ length: count }, (_, f) => call(count + f)),
    exit,
    ...Array.from({ length: count }, () => [mov(0, 0), exit]).flat(),
  ];
  expect(problems(program(callAll(255)))).toBe("");
  expect(problems(program(callAll(256)))).toBe("0 tooManyFunctions");
});

test("a million slots are accepted, one more is not", () => {
  const straight = (count: number): readonly Insn[] => [...Array.from({ length: count - 1 }, () => mov(0, 1)), exit];
  expect(problems(program(straight(1_000_000)))).toBe("");
  expect(problems(program(straight(1_000_001)))).toBe("1000000 tooLong");
});

test("rfc strictness lets through what RFC 9669 defines", () => {
  const code = [mov(0, 1), i("div imm", { imm: 0 }), i("rsh imm", { imm: 99 }), exit, mov(0, 2), exit];
  expect(problems(program(code))).toBe("1 divisorZero, 2 shiftRange");
  expect(problems(program(code), { strictness: "rfc" })).toBe("");
});
