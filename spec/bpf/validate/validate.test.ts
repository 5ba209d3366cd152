import { describe, expect, test } from "vitest";
import { type Insn, insn } from "../insn.js";
import { rowById } from "../isa.js";
import type { ContextKind, MapSpec, Program } from "../program.js";
import { type Facts, type ValidateOptions, validate } from "./validate.js";

const i = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);
const exit = i("exit");
const mov = (dst: number, imm: number): Insn => i("mov imm", { dst, imm });
const copy = (dst: number, src: number): Insn => i("mov reg", { dst, src });
const add = (dst: number, imm: number): Insn => i("add imm", { dst, imm });
const call = (distance: number): Insn => i("call local", { imm: distance });
const helper = (imm: number): Insn => i("call helper", { imm });
const lddw = (source: string, dst: number, low: number, high = 0): readonly Insn[] => [
  i(`lddw ${source}`, { dst, imm: low }),
  i("lddw high", { imm: high }),
];

const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 16, entries: 1 };
const PROG_ARRAY: MapSpec = { kind: "progArray", entries: 1, programs: [0] };
const MAPS = [ARRAY, PROG_ARRAY];

const program = (code: readonly Insn[], context: ContextKind = "memory"): Program => ({
  code: [code],
  maps: MAPS,
  context,
});

/** `pc reason` of every problem, joined by commas; empty for a valid program. */
function problems(p: Program, options?: ValidateOptions): string {
  const validity = validate(p, options);
  return validity.ok ? "" : validity.problems.map(({ pc, reason }) => `${pc} ${reason}`).join(", ");
}

function facts(p: Program): Facts {
  const validity = validate(p);
  if (!validity.ok) throw new Error(`refused: ${JSON.stringify(validity.problems)}`);
  return validity.facts;
}

const depths = (...code: readonly Insn[]): readonly number[] => facts(program(code)).functions.map((f) => f.stackDepth);

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
    ["1 notSupported", [mov(0, 0), i("call kfunc"), exit]],
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
    ["0 badCallTarget", [helper(99), exit]],
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
  expect(problems(program([helper(5), exit]), { helpers: new Set([7]) })).toBe("0 badCallTarget");
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

describe("the frame pointer is followed", () => {
  const store = (dst: number, off: number): Insn => i("stxb", { dst, src: 0, off });

  test.each<[string, number, readonly Insn[]]>([
    ["unused", 0, []],
    ["one byte", 8, [store(10, -1)]],
    ["the whole frame", 512, [store(10, -512)]],
    ["moved by constants", 24, [copy(2, 10), add(2, -4), i("sub imm", { dst: 2, imm: 13 }), store(2, 0)]],
    ["moved by a constant register", 16, [copy(2, 10), mov(3, -9), i("add reg", { dst: 2, src: 3 }), store(2, 0)]],
    ["added to a constant", 16, [mov(2, -9), i("add reg", { dst: 2, src: 10 }), store(2, 0)]],
    [
      "moved by a folded shift",
      16,
      [mov(3, 1), i("lsh imm", { dst: 3, imm: 4 }), copy(2, 10), i("sub reg", { dst: 2, src: 3 }), store(2, 0)],
    ],
    [
      "moved by an unknown number",
      512,
      [i("ldxb", { dst: 3, src: 1 }), copy(2, 10), i("sub reg", { dst: 2, src: 3 }), store(2, 0)],
    ],
    ["stored away", 512, [i("stxdw", { dst: 10, src: 10, off: -8 })]],
    ["given to a helper that reads a key there", 8, [...lddw("mapFd", 1, 0), copy(2, 10), add(2, -4), helper(1)]],
    ["a copy that is not used", 0, [copy(2, 10), i("ldxb", { dst: 3, src: 1 }), i("add reg", { dst: 2, src: 3 })]],
  ])("%s: %i bytes", (_, bytes, code) => {
    expect(depths(mov(0, 0), ...code, mov(0, 0), exit)).toEqual([bytes]);
  });

  test("given to a function: all of the caller's frame, none of the callee's", () => {
    expect(depths(copy(1, 10), call(1), exit, i("stb", { dst: 1, off: -1 }), mov(0, 0), exit)).toEqual([512, 0]);
  });

  test("two offsets that meet may be any", () => {
    const either = [copy(2, 10), i("jeq imm", { dst: 1, off: 1 }), add(2, -8), i("stb", { dst: 2, off: -8 })];
    expect(depths(...either, mov(0, 0), exit)).toEqual([512]);
  });
});

describe("the xdp context", () => {
  const field = (off: number, fields: Partial<Insn> = {}): Insn => i("ldxw", { dst: 2, src: 1, off, ...fields });

  test("loads of its fields are listed, those of the packet are not", () => {
    const code = [
      field(0),
      field(4, { dst: 3 }),
      copy(6, 1),
      field(8, { dst: 4, src: 6 }),
      i("ldxw", { src: 2 }),
      exit,
    ];
    expect(facts(program(code, "xdp")).contextLoads).toEqual([new Set([0, 1, 3])]);
    expect(facts(program(code.toSpliced(4, 1, mov(0, 0)), "memory")).contextLoads).toEqual([new Set()]);
  });

  test("a function may be given it", () => {
    const code = [call(1), exit, field(4, { dst: 0 }), exit];
    expect(facts(program(code, "xdp"))).toEqual({
      functions: [
        { code: 0, start: 0, end: 2, stackDepth: 0 },
        { code: 0, start: 2, end: 4, stackDepth: 0 },
      ],
      contextLoads: [new Set([2])],
    });
  });

  test.each<[string, readonly Insn[]]>([
    ["0 contextAccess", [field(12)]],
    ["0 contextAccess", [field(2)]],
    ["0 contextAccess", [i("ldxh", { dst: 2, src: 1 })]],
    ["0 contextAccess", [i("ldxsw", { dst: 2, src: 1 })]],
    ["0 contextAccess", [i("stw", { dst: 1 })]],
    ["1 contextAccess", [mov(2, 0), i("lock add", { dst: 1, src: 2 })]],
    ["1 contextAccess", [add(1, 4), field(0)]],
    // Either the context or the packet: one load cannot be widened for the one and not for the other.
    ["3 contextAccess", [field(0), i("jeq imm", { dst: 2, off: 1 }), copy(2, 1), i("ldxw", { dst: 3, src: 2 })]],
    // It went through memory.
    [
      "2 contextAccess",
      [i("stxdw", { dst: 10, src: 1, off: -8 }), i("ldxdw", { dst: 2, src: 10, off: -8 }), field(0, { src: 2 })],
    ],
  ])("%s", (expected, code) => {
    expect(problems(program([...code, mov(0, 0), exit], "xdp"))).toBe(expected);
  });
});
