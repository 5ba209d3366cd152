// Whatever a program does is an outcome: random slots, fields and all, never make the interpreter throw.

import fc from "fast-check";
import { expect, test } from "vitest";
import { assertLaw } from "../../testing/law.js";
import { type Insn, insn } from "./insn.js";
import { interpret } from "./interpret.js";
import { ROWS } from "./isa.js";
import type { Program } from "./program.js";
import { EXIT, LAYOUT, mapPointer, op, set } from "./testing.js";

const SMALL = [-8, -4, -1, 0, 1, 2, 3, 5, 12];
const slot = fc
  .record({
    row: fc.constantFrom(...ROWS),
    dst: fc.integer({ min: 0, max: 11 }),
    src: fc.integer({ min: 0, max: 11 }),
    off: fc.oneof(fc.constantFrom(...SMALL), fc.integer({ min: -0x8000, max: 0x7fff })),
    imm: fc.oneof(fc.constantFrom(...SMALL), fc.integer()),
  })
  .map(({ row, ...fields }): readonly Insn[] =>
    row.kind === "lddw" ? [insn(row, fields), ...set(0, BigInt(fields.imm)).slice(1)] : [insn(row, fields)],
  );
/** What random slots seldom come to: calls that go somewhere, frames, map arguments. */
const snippet = fc.constantFrom(
  [EXIT],
  [op("call local", { imm: 1 })],
  [op("ldxdw", { dst: 0, src: 10, off: -8 })],
  [op("stdw", { dst: 10, off: -8 })],
  [...mapPointer(2, 2), op("mov imm", { dst: 3, imm: 0 }), op("call helper", { imm: 12 })],
  [op("mov reg", { dst: 2, src: 10 }), op("add imm", { dst: 2, imm: -8 })],
  [...mapPointer(1, 1), op("mov reg", { dst: 3, src: 2 }), op("call helper", { imm: 2 })],
);
const code = fc.array(fc.oneof(slot, snippet), { minLength: 1, maxLength: 12 }).map((slots) => slots.flat());
const program: fc.Arbitrary<Program> = fc.record({
  code: fc.tuple(code, code),
  maps: fc.constant([
    { kind: "array", keyBytes: 4, valueBytes: 8, entries: 2 },
    { kind: "hash", keyBytes: 4, valueBytes: 8, entries: 2 },
    { kind: "progArray", entries: 3, programs: [0, undefined, 1] },
  ] as const),
  context: fc.constantFrom("memory", "xdp"),
});

test("the same program comes to the same outcome each time, and never throws", () => {
  const kinds = new Set<string>();
  assertLaw(
    fc.property(program, fc.uint8Array({ maxLength: 64 }), (random, input) => {
      const once = interpret({ program: random, input, layout: LAYOUT, fuel: 200 });
      expect(interpret({ program: random, input, layout: LAYOUT, fuel: 200 })).toEqual(once);
      kinds.add(once.kind === "faulted" ? once.why : once.kind);
    }),
    { seed: 6, numRuns: 3000 },
  );
  const reached = ["badAccess", "badCall", "badJump", "badOpcode", "outOfFuel", "returned", "uninitialisedStack"];
  expect([...kinds].filter((kind) => kind !== "callDepth").sort()).toEqual(reached);
});
