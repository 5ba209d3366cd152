import { describe, expect, test } from "vitest";
import type { AluOp, Width } from "./isa.js";
import { EXIT, op, r0, set } from "./testing.js";

const MIN64 = 0x8000_0000_0000_0000n;
const MIN32 = 0x8000_0000n;
const ONES = 0xffff_ffff_ffff_ffffn;
const LOW = 0xffff_ffffn;

type AluCase = readonly [width: Width, dst: bigint, src: bigint, result: bigint];

/** At least one case of each width has a src that an immediate can hold. */
const CASES: Record<AluOp, readonly AluCase[]> = {
  add: [
    [64, ONES, 1n, 0n],
    [64, 5n, ONES, 4n],
    [64, 0x1_0000_0000n, MIN64, 0x8000_0001_0000_0000n],
    [32, LOW, 1n, 0n],
    [32, 0x7777_7777_7fff_ffffn, 1n, MIN32],
  ],
  sub: [
    [64, 0n, 1n, ONES],
    [64, MIN64, 1n, 0x7fff_ffff_ffff_ffffn],
    [32, 0n, 1n, LOW],
    [32, 0x1_0000_0000n, ONES, 1n],
  ],
  mul: [
    [64, 0x1_0000_0001n, 0x1_0000_0001n, 0x2_0000_0001n],
    [64, ONES, ONES, 1n],
    [64, MIN64, ONES, MIN64],
    [32, 0x1_0000n, 0x1_0000n, 0n],
    [32, LOW, LOW, 1n],
    [32, MIN32, ONES, MIN32],
  ],
  div: [
    [64, 7n, 2n, 3n],
    [64, ONES, 2n, 0x7fff_ffff_ffff_ffffn],
    [64, 7n, ONES, 0n],
    [64, 7n, 0n, 0n],
    [32, 0x9_0000_0007n, 2n, 3n],
    [32, 7n, 0x1_0000_0000n, 0n],
    [32, LOW, ONES, 1n],
  ],
  sdiv: [
    [64, -7n, 2n, -3n],
    [64, 7n, -2n, -3n],
    [64, -7n, -2n, 3n],
    [64, MIN64, -1n, MIN64],
    [64, MIN64, 0n, 0n],
    [32, 0xffff_fff9n, 2n, 0xffff_fffdn],
    [32, 0x5_0000_0007n, -2n, 0xffff_fffdn],
    [32, MIN32, -1n, MIN32],
    [32, MIN32, 0n, 0n],
  ],
  or: [
    [64, 0xf0n, 0x0fn, 0xffn],
    [64, 0n, -1n, ONES],
    [32, 0x1_0000_00f0n, 0x0fn, 0xffn],
    [32, 0n, -1n, LOW],
  ],
  and: [
    [64, ONES, -16n, 0xffff_ffff_ffff_fff0n],
    [64, ONES, 0x1234_5678_9abc_def0n, 0x1234_5678_9abc_def0n],
    [32, ONES, -16n, 0xffff_fff0n],
  ],
  lsh: [
    [64, 1n, 63n, MIN64],
    [64, 1n, 64n, 1n],
    [64, 3n, ONES, MIN64],
    [64, ONES, 0n, ONES],
    [32, 1n, 31n, MIN32],
    [32, 1n, 32n, 1n],
    [32, ONES, 0n, LOW],
    [32, 3n, -1n, MIN32],
  ],
  rsh: [
    [64, MIN64, 63n, 1n],
    [64, MIN64, 65n, 0x4000_0000_0000_0000n],
    [32, ONES, 31n, 1n],
    [32, ONES, 33n, 0x7fff_ffffn],
    [32, 0x1_0000_0000n, 1n, 0n],
  ],
  mod: [
    [64, 7n, 4n, 3n],
    [64, ONES, 10n, 5n],
    [64, 0x1_0000_0007n, 0n, 0x1_0000_0007n],
    [32, 0x9_0000_0007n, 4n, 3n],
    [32, 0x9_0000_0007n, 0n, 7n],
    [32, 0x9_0000_0007n, 0x1_0000_0000n, 7n],
  ],
  smod: [
    [64, -7n, 2n, -1n],
    [64, 7n, -2n, 1n],
    [64, -7n, -4n, -3n],
    [64, MIN64, -1n, 0n],
    [64, -7n, 0n, -7n],
    [32, 0xffff_fff9n, 2n, LOW],
    [32, 7n, -2n, 1n],
    [32, MIN32, -1n, 0n],
    [32, ONES, 0n, LOW],
  ],
  xor: [
    [64, 0xffn, 0x0fn, 0xf0n],
    [64, 0n, -1n, ONES],
    [32, ONES, 0x0fn, 0xffff_fff0n],
    [32, 0n, -1n, LOW],
  ],
  mov: [
    [64, 0n, -1n, ONES],
    [64, 0n, 0x1234_5678_9abc_def0n, 0x1234_5678_9abc_def0n],
    [32, ONES, -1n, LOW],
    [32, 0n, 0x1234_5678_9abc_def0n, 0x9abc_def0n],
  ],
  arsh: [
    [64, MIN64, 63n, ONES],
    [64, MIN64, 64n, MIN64],
    [64, 0x7000_0000_0000_0000n, 60n, 7n],
    [32, MIN32, 31n, LOW],
    [32, MIN32, 32n, MIN32],
    [32, 0xffff_ffff_7000_0000n, 28n, 7n],
  ],
};

const unsigned = (x: bigint): bigint => BigInt.asUintN(64, x);
const ops = Object.entries(CASES).flatMap(([name, cases]) => cases.map((one) => [name, ...one] as const));
const fits = (src: bigint): boolean => BigInt.asIntN(32, src) === BigInt.asIntN(64, src);

test.each(ops)("%s, width %i: %i, %i gives %i from a register", (name, width, dst, src, result) => {
  const id = `${name}${width === 32 ? "32" : ""} reg`;
  expect(r0([...set(0, dst), ...set(6, src), op(id, { dst: 0, src: 6 }), EXIT])).toBe(unsigned(result));
});

test.each(ops.filter(([, , , src]) => fits(src)))(
  "%s, width %i: %i, %i gives %i from an immediate",
  (name, width, dst, src, result) => {
    const id = `${name}${width === 32 ? "32" : ""} imm`;
    const imm = Number(BigInt.asIntN(32, src));
    expect(r0([...set(0, dst), op(id, { dst: 0, imm }), EXIT])).toBe(unsigned(result));
  },
);

test.each(Object.keys(CASES))("%s has a case of each width with a src that an immediate can hold", (name) => {
  const widths = ops.filter(([n, , , src]) => n === name && fits(src)).map(([, width]) => width);
  expect(new Set(widths)).toEqual(new Set([64, 32]));
});

test("an operation of a register with itself reads it once", () => {
  expect(r0([...set(0, 3n), op("mul reg", { dst: 0, src: 0 }), EXIT])).toBe(9n);
});

describe("unary", () => {
  test.each([
    ["neg", 1n, ONES],
    ["neg", 0n, 0n],
    ["neg", MIN64, MIN64],
    ["neg32", 1n, LOW],
    ["neg32", 0x5_8000_0000n, MIN32],
    ["neg32", 0xffff_ffff_0000_0000n, 0n],
  ])("%s of %i is %i", (id, dst, result) => {
    expect(r0([...set(0, dst), op(id, { dst: 0 }), EXIT])).toBe(result);
  });

  test.each([
    ["movsx 8", 0x17fn, 0x7fn],
    ["movsx 8", 0x80n, 0xffff_ffff_ffff_ff80n],
    ["movsx 16", 0x1_7fffn, 0x7fffn],
    ["movsx 16", 0x8000n, 0xffff_ffff_ffff_8000n],
    ["movsx 32", 0x1_7fff_ffffn, 0x7fff_ffffn],
    ["movsx 32", 0x8000_0000n, 0xffff_ffff_8000_0000n],
    ["movsx32 8", 0x17fn, 0x7fn],
    ["movsx32 8", 0x80n, 0xffff_ff80n],
    ["movsx32 16", 0x8000n, 0xffff_8000n],
  ])("%s of %i is %i", (id, src, result) => {
    expect(r0([...set(0, ONES), ...set(6, src), op(id, { dst: 0, src: 6 }), EXIT])).toBe(result);
  });
});

describe("byte order", () => {
  const VALUE = 0x1122_3344_5566_7788n;
  test.each([
    ["le16", 0x7788n],
    ["le32", 0x5566_7788n],
    ["le64", VALUE],
    ["be16", 0x8877n],
    ["be32", 0x8877_6655n],
    ["be64", 0x8877_6655_4433_2211n],
    ["swap16", 0x8877n],
    ["swap32", 0x8877_6655n],
    ["swap64", 0x8877_6655_4433_2211n],
  ])("%s", (id, result) => {
    expect(r0([...set(0, VALUE), op(id, { dst: 0 }), EXIT])).toBe(result);
  });
});
