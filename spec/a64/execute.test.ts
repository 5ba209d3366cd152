import { expect, test } from "vitest";
import { conditionHolds } from "./condition.js";
import { DATA, type GivenState, perform, stateOf, step } from "./testing.js";

type Row = readonly [line: string, before: GivenState, changed: Record<string, bigint | string>];
const TARGET = 0xffff_0000_0000_9000n;
const NEXT = 0xffff_0000_0000_8004n;

test.each([
  ["14000002 b #0xffff000000008008", {}, { pc: "0x8008" }],
  ["17ffffff b #0xffff000000007ffc", {}, { pc: "0x7ffc" }],
  ["94000002 bl #0xffff000000008008", {}, { x30: NEXT, pc: "0x8008" }],
  ["54000040 b.eq #0xffff000000008008", { flags: "nZcv" }, { pc: "0x8008" }],
  ["54000040 b.eq #0xffff000000008008", { flags: "NzCV" }, {}],
  ["34000040 cbz w0, #0xffff000000008008", { x0: 0x1_0000_0000n }, { pc: "0x8008" }],
  ["b4000040 cbz x0, #0xffff000000008008", { x0: 0x1_0000_0000n }, {}],
  ["b5ffffe0 cbnz x0, #0xffff000000007ffc", { x0: 1n }, { pc: "0x7ffc" }],
  ["35ffffe0 cbnz w0, #0xffff000000007ffc", { x0: 0x1_0000_0000n }, {}],
  ["b6400040 tbz x0, #0x28, #0xffff000000008008", { x0: 0xffff_feff_ffff_ffffn }, { pc: "0x8008" }],
  ["b6400040 tbz x0, #0x28, #0xffff000000008008", { x0: 1n << 40n }, {}],
  ["37180040 tbnz w0, #3, #0xffff000000008008", { x0: 8n }, { pc: "0x8008" }],
  ["d71f0822 braa x1, x2", { x1: TARGET }, { pc: "0x9000" }],
  ["d65f0bff retaa", { x30: TARGET }, { pc: "0x9000" }],
  ["d50320ff xpaclri", { x30: TARGET & ~(1n << 60n) }, { x30: TARGET }],
  ["d503205f wfe", {}, {}],
  ["d51b4200 msr nzcv, x0", { x0: 0x6fff_ffffn }, { flags: "nZCv" }],
  ["d53b4200 mrs x0, nzcv", { flags: "NzCv" }, { x0: 0xa000_0000n }],
  ["d500419f msr pan, #1", {}, {}],
  ["d61f0140 br x10", { x10: TARGET }, { pc: "0x9000" }],
  ["d63f0140 blr x10", { x10: TARGET }, { x30: NEXT, pc: "0x9000" }],
  ["d63f03c0 blr x30", { x30: TARGET }, { x30: NEXT, pc: "0x9000" }],
  ["d65f03c0 ret", { x30: TARGET }, { pc: "0x9000" }],
  ["d65f0140 ret x10", { x10: TARGET, x30: 1n }, { pc: "0x9000" }],
  ["1000005e adr x30, #0xffff000000008008", {}, { x30: NEXT + 4n }],
  ["70ffffe0 adr x0, #0xffff000000007fff", {}, { x0: 0xffff_0000_0000_7fffn }],
  ["d503201f nop", { x30: 5n }, {}],
  ["d503245f bti c", { x30: 5n }, {}],
  ["d50322df hint #0x16", { x30: 5n }, {}],
  ["d5033bbf dmb ish", {}, {}],
  ["d50330df isb #0", {}, {}],
  ["d4000002 hvc #0", { x0: 1n }, {}],
  ["d4000003 smc #0", { x0: 1n }, {}],
] as const satisfies readonly Row[])("%s from %o", (line, before, changed) => {
  expect(step(line, before)).toEqual({ changed, stop: undefined });
});

test("a branch out of the kernel's half and a breakpoint stop", () => {
  expect(step("d65f03c0 ret", { x30: 0x8000n })).toEqual({ changed: {}, stop: "notExecutable" });
  expect(step("d4202000 brk #0x100")).toEqual({ changed: {}, stop: "breakpoint" });
});

test("a literal load reads relative to itself", () => {
  const { state, memory } = stateOf({ memory: "0102030405060708" });
  state.pc = 0x0ff8;
  expect(perform("58000040 ldr x0, #0xffff000000001000", state, memory)).toBeUndefined();
  expect(state.x[0]).toBe(0x0807_0605_0403_0201n);
});

test("system registers are read", () => {
  const { state, memory } = stateOf({});
  Object.assign(state.system, { tpidr_el1: 1n, tpidr_el2: 2n, sp_el0: 3n });
  perform("d538d080 mrs x0, tpidr_el1", state, memory);
  perform("d53cd041 mrs x1, tpidr_el2", state, memory);
  perform("d5384102 mrs x2, sp_el0", state, memory);
  expect([...state.x.slice(0, 3)]).toEqual([1n, 2n, 3n]);
});

test("system registers are written, in the bits that they have", () => {
  const { state, memory } = stateOf({ x0: 0xffff_ffff_ffff_ffffn });
  perform("d5184100 msr sp_el0, x0", state, memory);
  perform("d51b4220 msr daif, x0", state, memory);
  expect(state.system).toMatchObject({ sp_el0: 0xffff_ffff_ffff_ffffn, daif: 0x3c0n });
  perform("d50342ff msr daifclr, #2", state, memory);
  expect(state.system.daif).toBe(0x340n);
  perform("d50343df msr daifset, #3", state, memory);
  expect(state.system.daif).toBe(0x3c0n);
  perform("d500419f msr pan, #1", state, memory);
  expect(state.system.pan).toBe(1n << 22n);
  perform("d500409f msr pan, #0", state, memory);
  expect(state.system.pan).toBe(0n);
});

test("maintenance and barriers are told to memory; what names a line must be mapped", () => {
  const { state, memory } = stateOf({ x1: DATA + 19n });
  for (const line of ["d50b7b21 dc cvau, x1", "d5033b9f dsb ish", "d50b7521 ic ivau, x1", "d508751f ic iallu"]) {
    perform(line, state, memory);
  }
  for (const line of ["d5088321 tlbi vae1is, x1", "d5033fdf isb", "d5033f5f clrex"]) perform(line, state, memory);
  const [at, line] = [DATA + 19n, DATA].map((address) => `0x${address.toString(16)}`);
  expect(memory.heard).toEqual([
    `clean ${line}`,
    "complete",
    `invalidate ${line}`,
    "invalidateAll 0x0",
    `page ${at}`,
    "synchronize",
  ]);
  state.x[1] = 0x1000n;
  expect(perform("d50b7b21 dc cvau, x1", state, memory)).toMatchObject({ why: "badRead", address: 0x1000n });
});

test("an indirect branch leaves what its target must be, and others do not", () => {
  const after = (line: string): number => {
    const { state, memory } = stateOf({ x1: TARGET, x16: TARGET, x30: TARGET });
    perform(line, state, memory);
    return state.btype;
  };
  const branches = [
    "d61f0020 br x1",
    "d61f0200 br x16",
    "d63f0020 blr x1",
    "d65f03c0 ret",
    "14000002 b #0xffff000000008008",
  ];
  expect(branches.map(after)).toEqual([3, 1, 2, 0, 0]);
});

test("a signed return address is good only after one authentication with the same sp", () => {
  const after = (...lines: string[]): bigint => {
    const { state, memory } = stateOf({ x30: TARGET, sp: 0x1000n });
    for (const line of lines) perform(line, state, memory);
    return state.x[30]!;
  };
  const sign = "d503233f paciasp";
  const check = "d50323bf autiasp";
  const push = "d10043ff sub sp, sp, #0x10";
  expect(after(sign, check)).toBe(TARGET);
  for (const lines of [[sign], [check], [sign, sign], [sign, check, check], [sign, push, check]]) {
    expect(after(...lines) >> 48n).not.toBe(0xffffn);
  }
});

/** By condition, for which of the sixteen NZCV values (bit = value) it holds. */
test.each([
  [0, "eq", 0xf0f0],
  [1, "ne", 0x0f0f],
  [2, "hs", 0xcccc],
  [3, "lo", 0x3333],
  [4, "mi", 0xff00],
  [5, "pl", 0x00ff],
  [6, "vs", 0xaaaa],
  [7, "vc", 0x5555],
  [8, "hi", 0x0c0c],
  [9, "ls", 0xf3f3],
  [10, "ge", 0xaa55],
  [11, "lt", 0x55aa],
  [12, "gt", 0x0a05],
  [13, "le", 0xf5fa],
  [14, "al", 0xffff],
  [15, "nv", 0xffff],
])("condition %i (%s)", (condition, _name, holds) => {
  let actual = 0;
  for (let nzcv = 0; nzcv < 16; nzcv++) if (conditionHolds(condition, nzcv)) actual |= 1 << nzcv;
  expect(actual).toBe(holds);
});
