import { describe, expect, test } from "vitest";
import { rowById } from "../../../../spec/bpf/isa.js";
import { at, Registers, region } from "./registers.js";
import { Uses } from "./uses.js";

const FRAME = region("frame", -64, 0, true);
const VALUE = region("value", 0, 16, true);
const LOAD = rowById("ldxdw");
const STORE = rowById("stxdw");
const STORE_IMM = rowById("stdw");
const ATOMIC = rowById("lock xchg");
const PC = 7;

/** R10 points to the frame, r2 into it; r3 is a number, r6 points elsewhere. */
function begun(hasFields = false): { uses: Uses; state: Registers } {
  const state = new Registers();
  state.setPointer(10, at(FRAME, 0));
  state.setPointer(2, at(FRAME, -24));
  state.setPointer(6, at(VALUE, 0));
  state.setScalar(3);
  return { uses: new Uses(hasFields), state };
}

describe("how deep a frame is used", () => {
  test("not at all", () => expect(begun().uses.stackDepth).toBe(0));

  test.each([
    ["a load", LOAD, 0, 10, -8, 8],
    ["bytes of a word", rowById("ldxb"), 0, 10, -17, 24],
    ["a store of a number", STORE, 10, 3, -16, 16],
    ["a constant", STORE_IMM, 10, 0, -40, 40],
    ["an exchange", ATOMIC, 10, 3, -16, 16],
    ["a load-acquire", rowById("load acquire dw"), 0, 10, -16, 16],
    ["a store-release", rowById("store release dw"), 10, 3, -48, 48],
    ["through another pointer", STORE_IMM, 2, 0, -8, 32],
    ["through another pointer, upwards", LOAD, 0, 2, 16, 8],
    ["elsewhere", STORE_IMM, 6, 0, -64, 0],
    ["a pointer that is stored", STORE, 6, 2, 0, 512],
    ["a pointer that is exchanged", ATOMIC, 6, 2, 0, 512],
    ["what is no access", rowById("add reg"), 3, 2, 0, 0],
  ] as const)("%s", (_, row, dst, src, off, depth) => {
    const { uses, state } = begun();
    uses.access(row, dst, src, off, state, PC);
    expect(uses.stackDepth).toBe(depth);
  });

  test("the deepest access counts", () => {
    const { uses, state } = begun();
    for (const off of [-8, -40, -16]) uses.access(STORE_IMM, 10, 0, off, state, PC);
    expect(uses.stackDepth).toBe(40);
  });

  test("a pointer that may be at several positions", () => {
    const { uses, state } = begun();
    state.setPointer(2, { region: FRAME, low: -32, high: -24, step: 8, end: 0 });
    uses.access(LOAD, 0, 2, 0, state, PC);
    expect(uses.stackDepth).toBeUndefined();
    // Where all of it may be used, that does not matter.
    uses.access(STORE, 10, 2, -8, state, PC);
    expect(uses.stackDepth).toBe(512);
  });
});

describe("what others are given", () => {
  test.each([
    ["a key", 1, 24],
    ["the address of a buffer", 4, 0],
    ["what is no argument", 5, 0],
    ["what nobody knows", 9999, 0],
  ])("a helper: %s", (_, helper, depth) => {
    const { uses, state } = begun();
    uses.givenToHelper(helper, state);
    expect(uses.stackDepth).toBe(depth);
  });

  test("a function: a pointer, known or not", () => {
    const { uses, state } = begun();
    state.forget(1 << 2);
    uses.givenToFunction(state);
    expect(uses.stackDepth).toBe(512);
  });

  test("a function: a register that no longer holds one", () => {
    const { uses, state } = begun();
    state.clobber(1 << 2);
    uses.givenToFunction(state);
    expect(uses.stackDepth).toBe(0);
  });

  test("a function: a register that holds one on another path", () => {
    const { uses, state } = begun();
    const other = state.clone();
    other.setScalar(2);
    other.meet(state);
    uses.givenToFunction(other);
    expect(uses.stackDepth).toBe(512);
  });

  test.each([
    ["a loop brings a pointer back to where a function may be given it", 2, true, undefined],
    ["no function is called", 2, false, 0],
    ["a register that no function is given", 7, true, 0],
  ])("%s", (_, register, calls, depth) => {
    const { uses, state } = begun();
    state.setScalar(2);
    const entry = state.clone();
    if (calls) uses.givenToFunction(state);
    state.setPointer(register, at(FRAME, -8));
    uses.goesBack(state, entry);
    expect(uses.stackDepth).toBe(depth);
  });
});

describe("fields of a context", () => {
  const CONTEXT = region("context", 0, 24, true);

  test.each([
    [true, [PC, PC + 2]],
    [false, []],
  ])("one that has them: %s", (hasFields, slots) => {
    const { uses, state } = begun(hasFields);
    state.setPointer(1, at(CONTEXT, 0));
    uses.access(LOAD, 0, 1, 0, state, PC);
    uses.access(LOAD, 0, 6, 0, state, PC + 1);
    uses.access(STORE_IMM, 1, 0, 8, state, PC + 2);
    expect(uses.fieldAccesses).toEqual(slots);
  });
});
