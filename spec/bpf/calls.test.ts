import { describe, expect, test } from "vitest";
import type { Insn } from "./insn.js";
import { POISON } from "./interpret.js";
import type { ProgArrayMap } from "./program.js";
import { CONTEXT, EXIT, mapPointer, op, r0, regionAfter, returned, run } from "./testing.js";

const mov = (dst: number, imm: number): Insn => op("mov imm", { dst, imm });
const copy = (dst: number, src: number): Insn => op("mov reg", { dst, src });
const call = (imm: number): Insn => op("call local", { imm });
const helper = (imm: number): Insn => op("call helper", { imm });

describe("local calls", () => {
  test("pass r1 to r5 and return r0", () => {
    const code = [mov(1, 10), mov(5, 3), call(1), EXIT, copy(0, 1), op("sub reg", { dst: 0, src: 5 }), EXIT];
    expect(r0(code)).toBe(7n);
  });

  test("may go backward", () => {
    expect(r0([op("ja", { off: 2 }), mov(0, 4), EXIT, call(-3), op("add imm", { dst: 0, imm: 1 }), EXIT])).toBe(5n);
  });

  test.each([6, 7, 8, 9])("r%i is the caller's again", (register) => {
    expect(r0([mov(register, 5), call(2), copy(0, register), EXIT, mov(register, 6), EXIT])).toBe(5n);
  });

  test.each([1, 2, 3, 4, 5])("r%i is poison afterwards", (register) => {
    expect(r0([call(2), copy(0, register), EXIT, mov(register, 6), EXIT])).toBe(POISON);
  });

  test("each has a frame of its own", () => {
    const store = (imm: number): Insn => op("stdw", { dst: 10, off: -8, imm });
    const code = [store(1), call(2), op("ldxdw", { dst: 0, src: 10, off: -8 }), EXIT, store(2), EXIT];
    expect(r0(code)).toBe(1n);
  });

  test("a callee may write to its caller's frame through a pointer", () => {
    const code = [copy(1, 10), call(1), EXIT, op("stb", { dst: 1, off: -1, imm: 7 }), EXIT];
    expect(regionAfter("stack", code)[511]).toBe(7);
  });

  test("a callee's byte that was not written may not be read", () => {
    const code = [call(1), EXIT, op("stb", { dst: 10, off: -8 }), op("ldxh", { dst: 0, src: 10, off: -8 }), EXIT];
    expect(run(code)).toMatchObject({ kind: "faulted", pc: 3, why: "uninitialisedStack" });
  });

  test("a callee's byte may be written by its own callee", () => {
    const code = [
      call(1),
      EXIT,
      ...[copy(1, 10), call(2), op("ldxb", { dst: 0, src: 10, off: -1 }), EXIT],
      ...[op("stb", { dst: 1, off: -1, imm: 3 }), EXIT],
    ];
    expect(r0(code)).toBe(3n);
  });

  test("a frame starts unwritten on each call", () => {
    const write = [op("stb", { dst: 10, off: -1 }), EXIT];
    const read = [op("ldxb", { dst: 0, src: 10, off: -1 }), EXIT];
    expect(run([call(2), call(3), EXIT, ...write, ...read])).toMatchObject({ pc: 5, why: "uninitialisedStack" });
  });

  test("a frame is gone after its exit", () => {
    const code = [
      call(2),
      op("ldxb", { dst: 0, src: 0, off: -1 }),
      EXIT,
      op("stb", { dst: 10, off: -1 }),
      copy(0, 10),
      EXIT,
    ];
    expect(run(code)).toMatchObject({ pc: 1, why: "badAccess" });
  });

  /** A chain of `depth` calls, each adding 1. */
  const chain = (depth: number): readonly Insn[] => [
    ...Array.from({ length: depth }, () => [call(2), op("add imm", { dst: 0, imm: 1 }), EXIT]).flat(),
    mov(0, 0),
    EXIT,
  ];

  test("eight frames are allowed", () => {
    expect(r0(chain(7))).toBe(7n);
  });

  test("a ninth frame faults", () => {
    expect(run(chain(8))).toMatchObject({ kind: "faulted", pc: 21, why: "callDepth" });
  });

  test("many calls one after the other are no depth", () => {
    expect(r0([...Array.from({ length: 20 }, (_, i) => call(20 - i)), EXIT, mov(0, 1), EXIT])).toBe(1n);
  });

  test("out of the program faults", () => {
    expect(run([call(7), EXIT])).toMatchObject({ kind: "faulted", pc: 0, why: "badJump" });
  });
});

describe("calls that are refused", () => {
  test.each([
    ["an unknown helper", helper(4711), "there is no helper 4711"],
    ["a kfunc", op("call kfunc", { imm: 12 }), "a kernel function that is not modelled"],
  ])("%s", (_, insn, detail) => {
    expect(run([mov(0, 0), insn, EXIT])).toMatchObject({
      kind: "faulted",
      pc: 1,
      why: "badCall",
      detail: expect.stringContaining(detail),
    });
  });
});

describe("tail calls", () => {
  const slots = (...programs: (number | undefined)[]): ProgArrayMap => ({
    kind: "progArray",
    entries: programs.length,
    programs,
  });
  /** Tail call through the first map, with the context in r6. */
  const tail = (slot: number): readonly Insn[] => [copy(1, 6), ...mapPointer(2, 0), mov(3, slot), helper(12)];
  const add = (imm: number): Insn => op("add imm", { dst: 0, imm });

  test("goes to the start of another code with r1 the context, and does not come back", () => {
    const code = [copy(6, 1), mov(0, 1), ...tail(1), EXIT];
    const others = [
      [mov(0, 5), EXIT],
      [copy(0, 1), EXIT],
    ];
    expect(r0(code, { others, maps: [slots(1, 2)] })).toBe(CONTEXT);
  });

  test("enters a frame whose bytes nobody has written", () => {
    const code = [copy(6, 1), op("stb", { dst: 10, off: -1, imm: 9 }), ...tail(0), EXIT];
    const reads = [op("ldxb", { dst: 0, src: 10, off: -1 }), EXIT];
    const writes = [op("stb", { dst: 10, off: -1, imm: 8 }), ...reads];
    expect(run(code, { others: [reads], maps: [slots(1)] })).toMatchObject({ pc: 0, why: "uninitialisedStack" });
    const { r0: result, code: last, regions } = returned(code, { others: [writes], maps: [slots(1)] });
    expect([result, last]).toEqual([8n, 1]);
    expect(regions[0]?.written?.lastIndexOf(0)).toBe(510);
  });

  test("goes to the top of its own frame", () => {
    const others = [[copy(0, 10), EXIT]];
    expect(r0([copy(6, 1), ...tail(0), EXIT], { others, maps: [slots(1)] })).toBe(0xffff_0000_0000_1a00n);
  });

  test("a frame is unwritten again after a tail call to the same code", () => {
    const read = op("ldxb", { dst: 0, src: 10, off: -1 });
    const code = [read, copy(6, 1), op("stb", { dst: 10, off: -1 }), ...tail(0), EXIT];
    expect(run(code, { maps: [slots(0)] })).toMatchObject({ kind: "faulted", pc: 0, why: "uninitialisedStack" });
  });

  test("the frame that it leaves is gone", () => {
    const code = [copy(6, 1), copy(7, 10), op("stxdw", { dst: 1, src: 7 }), ...tail(0), EXIT];
    const others = [[op("ldxdw", { dst: 2, src: 1 }), op("stb", { dst: 2, off: -1 }), EXIT]];
    const outcome = run(code, { others, input: [0, 0, 0, 0, 0, 0, 0, 0], maps: [slots(1)] });
    expect(outcome).toMatchObject({ kind: "faulted", pc: 1, why: "badAccess" });
  });

  test.each([
    ["an index behind the last slot", [...tail(2)]],
    ["an empty slot", [...tail(1)]],
    ["an index whose low 32 bits are behind the last slot", [...tail(-1)]],
  ])("%s falls through and leaves r0 alone", (_, call) => {
    const code = [copy(6, 1), mov(0, 5), ...call, add(1), EXIT];
    expect(r0(code, { others: [[mov(0, 9), EXIT]], maps: [slots(1, undefined)] })).toBe(6n);
  });

  test("an index is truncated to 32 bits", () => {
    const index = [op("lddw imm64", { dst: 3, imm: 0 }), op("lddw high", { imm: 7 })];
    const code = [...mapPointer(2, 0), ...index, helper(12), EXIT];
    expect(r0(code, { others: [[mov(0, 9), EXIT]], maps: [slots(1)] })).toBe(9n);
  });

  test.each([1, 2, 3, 4, 5])("on falling through r%i is poison", (register) => {
    const code = [copy(6, 1), ...tail(0), copy(0, register), EXIT];
    expect(r0(code, { maps: [slots(undefined)] })).toBe(POISON);
  });

  /** Counts its own entries in the context's first byte, then tail calls itself. */
  const again = [
    copy(6, 1),
    ...[op("ldxb", { dst: 7, src: 6 }), op("add imm", { dst: 7, imm: 1 }), op("stxb", { dst: 6, src: 7 })],
    ...tail(0),
    op("ldxb", { dst: 0, src: 6 }),
    EXIT,
  ];

  test("33 of them are made, the 34th falls through", () => {
    expect(r0(again, { input: [0], maps: [slots(0)] })).toBe(34n);
  });

  test("one without a target does not count", () => {
    const code = [copy(6, 1), ...Array.from({ length: 40 }, () => tail(1)).flat(), ...tail(0), EXIT];
    expect(r0(code, { others: [again], input: [0], maps: [slots(1, undefined)] })).toBe(33n);
  });

  test("the count is of the whole run, local calls included", () => {
    const code = [
      ...[copy(6, 1), copy(1, 6), call(4), copy(1, 6), call(2), op("ldxb", { dst: 0, src: 6 }), EXIT],
      ...[copy(6, 1), ...tail(0), EXIT],
    ];
    // Each of the two calls enters code 1 if it may: 33 entries by the first, none by the second.
    expect(r0(code, { others: [again], input: [0], maps: [slots(1)] })).toBe(33n);
  });

  test("from a subprogram it returns to the subprogram's caller, whose registers are kept", () => {
    const code = [
      copy(6, 1),
      mov(7, 30),
      call(2),
      op("add reg", { dst: 0, src: 7 }),
      EXIT,
      ...tail(0),
      mov(0, 100),
      EXIT,
    ];
    expect(returned(code, { others: [[mov(7, 0), mov(0, 5), EXIT]], maps: [slots(1)] })).toMatchObject({
      r0: 35n,
      code: 0,
    });
  });

  test("from a subprogram the frame is a fresh one", () => {
    const code = [copy(6, 1), call(1), EXIT, op("stb", { dst: 10, off: -1 }), ...tail(0), EXIT];
    const others = [[op("ldxb", { dst: 0, src: 10, off: -1 }), EXIT]];
    expect(run(code, { others, maps: [slots(1)] })).toMatchObject({ pc: 0, why: "uninitialisedStack" });
  });

  test.each([
    ["r1 is not the context", [mov(6, 0), ...tail(0)], "r1 is not the context"],
    ["r2 is no map", [mov(2, 0), helper(12)], "r2 does not point to a prog array"],
    ["r2 is another map", [...mapPointer(2, 1), helper(12)], "r2 does not point to a prog array"],
    ["a slot names no code", [copy(6, 1), ...tail(0)], "slot 0 names program 3 of 1"],
  ])("where %s it is a bad call", (_, code, detail) => {
    const maps = [slots(3), { kind: "array", keyBytes: 4, valueBytes: 8, entries: 1 } as const];
    const outcome = run([...code, EXIT], { maps });
    expect(outcome).toMatchObject({ kind: "faulted", why: "badCall", detail: expect.stringContaining(detail) });
  });
});

describe("may_goto", () => {
  const counting = [
    mov(0, 0),
    op("add imm", { dst: 0, imm: 1 }),
    op("may_goto", { off: 1 }),
    op("ja", { off: -3 }),
    EXIT,
  ];

  test("falls through as often as the budget says, and then jumps", () => {
    expect(r0(counting, { loops: 5 })).toBe(6n);
    expect(r0(counting, { loops: 0 })).toBe(1n);
    expect(r0(counting)).toBe(1001n);
  });

  test("all of one function share its budget", () => {
    const twice = [mov(0, 0), op("may_goto", { off: 1 }), op("add imm", { dst: 0, imm: 1 })];
    expect(r0([...twice, ...twice.slice(1), EXIT], { loops: 1 })).toBe(1n);
  });

  test("each call of a function has its own, and the caller's is left alone", () => {
    const spend = [op("may_goto", { off: 1 }), op("add imm", { dst: 6, imm: 100 })];
    const main = [
      mov(6, 0),
      ...spend,
      call(7),
      op("add reg", { dst: 6, src: 0 }),
      call(5),
      op("add reg", { dst: 6, src: 0 }),
    ];
    const callee = [mov(0, 0), op("may_goto", { off: 1 }), op("add imm", { dst: 0, imm: 1 }), EXIT];
    const code = [...main, ...spend, copy(0, 6), EXIT, ...callee];
    expect(r0(code, { loops: 1 })).toBe(102n);
    expect(r0(code, { loops: 2 })).toBe(202n);
  });
});
