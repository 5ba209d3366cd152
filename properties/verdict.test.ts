import { expect, test } from "vitest";
import type { Outcome } from "../spec/bpf/outcome.js";
import { compare } from "./verdict.js";

const returned = (r0: bigint, ...stack: number[]): Outcome => ({
  kind: "returned",
  r0,
  code: 0,
  regions: [{ name: "stack", bytes: Uint8Array.from(stack) }],
});
const fault = (pc: number): Outcome => ({ kind: "faulted", pc, why: "badAccess", detail: "read at 0x10" });

test("equal answers agree", () => {
  expect(compare(returned(1n, 1, 2), returned(1n, 1, 2))).toEqual({ kind: "agree" });
  expect(compare(fault(3), fault(3))).toEqual({ kind: "agree" });
});

test("r0 is compared in all 64 bits", () => {
  expect(compare(returned(1n), returned(0x1_0000_0001n))).toMatchObject({
    kind: "disagree",
    where: "r0",
    got: "0x0000000100000001",
  });
});

test("the first differing byte is named by its place", () => {
  expect(compare(returned(0n, 0, 7, 0), returned(0n, 0, 9, 1))).toEqual({
    kind: "disagree",
    oracle: "exec-match",
    reason: "another result",
    where: "stack[r10 - 2]",
    expected: "0x07",
    got: "0x09",
  });
});

test("bytes that the program never wrote may differ where the reference says so", () => {
  const stack = (written: number): Outcome => ({
    kind: "returned",
    r0: 0n,
    code: 1,
    regions: [{ name: "stack", bytes: Uint8Array.of(1, 2), written: Uint8Array.of(1, written) }],
  });
  const other: Outcome = {
    kind: "returned",
    r0: 0n,
    code: 1,
    regions: [{ name: "stack", bytes: Uint8Array.of(1, 3) }],
  };
  expect(compare(stack(0), other)).toEqual({ kind: "agree" });
  expect(compare(stack(1), other)).toMatchObject({ where: "stack[r10 - 1]" });
});

test("a missing region is a disagreement, not a match", () => {
  expect(compare(returned(0n, 1), { kind: "returned", r0: 0n, code: 0, regions: [] })).toMatchObject({
    where: "regions",
  });
});

test("a fault elsewhere or only on one side is a disagreement", () => {
  expect(compare(fault(3), fault(4))).toMatchObject({ kind: "disagree", where: "outcome" });
  expect(compare(returned(0n), fault(4))).toMatchObject({ kind: "disagree" });
  expect(compare(returned(0n), { kind: "outOfFuel" })).toMatchObject({ kind: "disagree" });
});

test("what the reference cannot answer is incomparable", () => {
  expect(compare({ kind: "outOfFuel" }, returned(0n))).toMatchObject({ kind: "incomparable" });
});
