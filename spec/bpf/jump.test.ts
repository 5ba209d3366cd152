import { describe, expect, test } from "vitest";
import type { JumpOp, Width } from "./isa.js";
import { EXIT, op, r0, run, set } from "./testing.js";

const ONES = 0xffff_ffff_ffff_ffffn;
const MIN64 = 0x8000_0000_0000_0000n;

type JumpCase = readonly [width: Width, dst: bigint, src: bigint, taken: boolean];

/** Values that differ in their signed and unsigned order, or in their high halves only. */
const CASES: Record<JumpOp, readonly JumpCase[]> = {
  jeq: [
    [64, ONES, -1n, true],
    [64, 0x1_0000_0005n, 5n, false],
    [32, 0x1_0000_0005n, 5n, true],
    [32, 5n, 6n, false],
  ],
  jne: [
    [64, 0x1_0000_0005n, 5n, true],
    [64, 5n, 5n, false],
    [32, 0x1_0000_0005n, 5n, false],
    [32, 5n, 6n, true],
  ],
  jgt: [
    [64, ONES, 1n, true],
    [64, 1n, -1n, false],
    [64, 5n, 5n, false],
    [32, 0x1_0000_0000n, 1n, false],
    [32, 0xffff_ffffn, 1n, true],
  ],
  jge: [
    [64, 5n, 5n, true],
    [64, 0xffff_ffffn, -1n, false],
    [32, 0xffff_ffffn, -1n, true],
    [32, 0x1_0000_0000n, 1n, false],
  ],
  jlt: [
    [64, 1n, -1n, true],
    [64, 5n, 5n, false],
    [32, 0x1_0000_0000n, 1n, true],
    [32, 0xffff_ffffn, 1n, false],
  ],
  jle: [
    [64, 5n, 5n, true],
    [64, ONES, 5n, false],
    [32, 0x1_0000_0005n, 5n, true],
    [32, 0xffff_ffffn, 5n, false],
  ],
  jset: [
    [64, MIN64, -1n, true],
    [64, 4n, 3n, false],
    [64, MIN64, 1n, false],
    [64, 0x8000_0000_0000_0001n, MIN64, true],
    [32, MIN64, -1n, false],
    [32, 6n, 3n, true],
  ],
  jsgt: [
    [64, 1n, -1n, true],
    [64, ONES, 1n, false],
    [64, 5n, 5n, false],
    [32, 0xffff_ffffn, 0n, false],
    [32, 0xffff_ffff_0000_0001n, -1n, true],
  ],
  jsge: [
    [64, ONES, -1n, true],
    [64, ONES, 1n, false],
    [32, 0xffff_ffffn, -1n, true],
    [32, 0x8000_0000n, 0n, false],
  ],
  jslt: [
    [64, ONES, 1n, true],
    [64, 1n, -1n, false],
    [64, MIN64, -1n, true],
    [32, 0x8000_0000n, 0n, true],
    [32, 0xffff_ffff_0000_0001n, -1n, false],
  ],
  jsle: [
    [64, ONES, -1n, true],
    [64, 1n, -1n, false],
    [32, 0xffff_ffffn, 0n, true],
    [32, 0xffff_ffff_0000_0001n, 0n, false],
  ],
};

/** Equal operands, and equal low halves, tell the strict order from the other. */
const ON_EQUAL: Record<JumpOp, boolean> = {
  jeq: true,
  jne: false,
  jgt: false,
  jge: true,
  jlt: false,
  jle: true,
  jset: true,
  jsgt: false,
  jsge: true,
  jslt: false,
  jsle: true,
};

test.each(Object.entries(ON_EQUAL))("%s of equal operands is %s", (name, taken) => {
  expect(judged(set(1, 5n), `${name} imm`, { imm: 5 })).toBe(taken ? 1n : 0n);
  expect(judged(set(1, 0x1_0000_0005n), `${name}32 imm`, { imm: 5 })).toBe(taken ? 1n : 0n);
});

const jumps = Object.entries(CASES).flatMap(([name, cases]) => cases.map((one) => [name, ...one] as const));
const fits = (src: bigint): boolean => BigInt.asIntN(32, src) === BigInt.asIntN(64, src);

/** Leave r0 = 1 if the jump is taken, 0 if it is not. */
const judged = (setUp: readonly ReturnType<typeof op>[], id: string, fields: object): bigint =>
  r0([
    ...setUp,
    op(id, { dst: 1, off: 2, ...fields }),
    op("mov imm", { dst: 0, imm: 0 }),
    EXIT,
    op("mov imm", { imm: 1 }),
    EXIT,
  ]);

test.each(jumps)("%s, width %i: %i against %i in a register is %s", (name, width, dst, src, taken) => {
  const id = `${name}${width === 32 ? "32" : ""} reg`;
  expect(judged([...set(1, dst), ...set(2, src)], id, { src: 2 })).toBe(taken ? 1n : 0n);
});

test.each(jumps.filter(([, , , src]) => fits(src)))(
  "%s, width %i: %i against the immediate %i is %s",
  (name, width, dst, src, taken) => {
    const id = `${name}${width === 32 ? "32" : ""} imm`;
    expect(judged(set(1, dst), id, { imm: Number(src) })).toBe(taken ? 1n : 0n);
  },
);

test.each(Object.keys(CASES))("%s has cases of both directions for each width", (name) => {
  const seen = jumps
    .filter(([n, , , src]) => n === name && fits(src))
    .map(([, width, , , taken]) => `${width} ${taken}`);
  expect(new Set(seen)).toEqual(new Set(["64 true", "64 false", "32 true", "32 false"]));
});

describe("goto", () => {
  test.each([
    ["ja", { off: 1 }],
    ["gotol", { imm: 1 }],
  ])("%s goes forward", (id, distance) => {
    expect(r0([op("mov imm", { imm: 1 }), op(id, distance), op("mov imm", { imm: 2 }), EXIT])).toBe(1n);
  });

  test("goes backward", () => {
    const back = [op("ja", { off: 2 }), op("mov imm", { imm: 7 }), EXIT, op("gotol", { imm: -3 })];
    expect(r0(back)).toBe(7n);
  });

  test("a loop counts down", () => {
    const loop = [
      op("mov imm", { dst: 1, imm: 5 }),
      op("add reg", { dst: 0, src: 1 }),
      op("sub imm", { dst: 1, imm: 1 }),
      op("jne imm", { dst: 1, off: -3 }),
      EXIT,
    ];
    expect(r0(loop)).toBe(15n);
  });

  test.each([
    ["before the first slot", [op("ja", { off: -2 }), EXIT]],
    ["behind the last slot", [op("gotol", { imm: 1 }), EXIT]],
  ])("out of the program, %s, faults at the jump", (_, code) => {
    expect(run(code)).toMatchObject({ kind: "faulted", pc: 0, why: "badJump" });
  });

  test("a conditional jump out of the program faults only when it is taken", () => {
    const code = (imm: number) => [op("jeq imm", { dst: 0, imm, off: 100 }), EXIT];
    expect(run(code(0))).toMatchObject({ kind: "faulted", pc: 0, why: "badJump" });
    expect(r0(code(1))).toBe(0n);
  });

  test("into the second slot of lddw faults there", () => {
    expect(run([op("ja", { off: 1 }), ...set(0, 1n), EXIT])).toMatchObject({ kind: "faulted", pc: 2, why: "badJump" });
  });

  test("past the last slot faults behind it", () => {
    expect(run([op("mov imm", { imm: 1 })])).toMatchObject({ kind: "faulted", pc: 1, why: "badJump" });
  });
});
