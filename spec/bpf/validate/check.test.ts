import { describe, expect, test } from "vitest";
import type { Insn } from "../insn.js";
import { add, call, copy, depths, exit, facts, helper, i, lddw, mov, problems, program } from "./testing.js";

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

  test("given to a function on one path only: none of the frame of what that calls", () => {
    const caller = [mov(0, 0), i("jeq imm", { dst: 0, off: 1 }), copy(2, 10), call(1), exit];
    expect(depths(...caller, call(1), exit, mov(0, 0), exit)).toEqual([512, 0, 0]);
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

  test("it is followed through the frame", () => {
    const spilled = [i("stxdw", { dst: 10, src: 1, off: -8 }), i("ldxdw", { dst: 2, src: 10, off: -8 })];
    const code = [...spilled, field(4, { src: 2, dst: 0 }), exit];
    expect(facts(program(code, "xdp")).contextLoads).toEqual([new Set([2])]);
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
    ["0 contextAccess", [field(24)]],
    ["0 contextAccess", [field(2)]],
    ["0 contextAccess", [i("ldxh", { dst: 2, src: 1 })]],
    ["0 contextAccess", [i("ldxsw", { dst: 2, src: 1 })]],
    ["0 contextAccess", [i("stw", { dst: 1 })]],
    ["1 contextAccess", [mov(2, 0), i("lock add", { dst: 1, src: 2 })]],
    ["1 contextAccess", [add(1, 4), field(0)]],
    // Either the context or the packet: one load cannot be widened for the one and not for the other.
    ["3 contextAccess", [field(0), i("jeq imm", { dst: 2, off: 1 }), copy(2, 1), i("ldxw", { dst: 3, src: 2 })]],
    // It went through memory, where only whole words of the frame are followed.
    [
      "3 contextAccess",
      [
        i("stxdw", { dst: 10, src: 1, off: -8 }),
        i("stb", { dst: 10, off: -1 }),
        i("ldxdw", { dst: 2, src: 10, off: -8 }),
        field(0, { src: 2 }),
      ],
    ],
  ])("%s", (expected, code) => {
    expect(problems(program([...code, mov(0, 0), exit], "xdp"))).toBe(expected);
  });
});
