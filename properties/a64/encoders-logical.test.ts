// Encoders of logical instructions, and of all bitmask immediates there are. See encoder-testing.ts.

import { describe, expect, test } from "vitest";
import { bitmask } from "../../impl/a64/bitmask.js";
import * as logical from "../../impl/a64/logical.js";
import { type Is64, type Reg, X } from "../../impl/a64/registers.js";
import { REFUSALS } from "../../impl/a64/word.js";
import { decode } from "../../spec/a64/decode.js";
import type { A64Insn } from "../../spec/a64/insn.js";
import { s32, u32, u64 } from "../../spec/bits.js";
import { orSp, PAIRS, refuses, says, THREES, WIDTHS, width } from "./encoder-testing.js";

describe("logical", () => {
  test.each([
    ["andReg", logical.andReg, "and", false],
    ["orrReg", logical.orrReg, "orr", false],
    ["eorReg", logical.eorReg, "eor", false],
    ["andsReg", logical.andsReg, "ands", false],
    ["ornReg", logical.ornReg, "orr", true],
  ] as const)("%s", (_name, encode, op, invert) => {
    for (const is64 of WIDTHS) {
      for (const [rd, rn, rm] of THREES) {
        says(encode(is64, rd, rn, rm), {
          kind: "logicalShifted",
          op,
          invert,
          width: width(is64),
          rd,
          rn,
          rm,
          shift: "lsl",
          amount: 0,
        });
      }
    }
  });

  /** Every pattern that exists, by value: the smallest N:immr:imms that stands for it, read off the decoder. */
  const patterns = (is64: Is64): ReadonlyMap<bigint, number> => {
    const found = new Map<bigint, number>();
    for (let field = 8191; field >= 0; field--) {
      const insn = decode(((is64 << 31) | 0x1200_0000 | (field << 10)) >>> 0);
      if (insn?.kind === "logicalImmediate") found.set(insn.value, field);
    }
    return found;
  };
  const low = (value: bigint): number => Number(s32(value));
  const high = (value: bigint): number => Number(s32(value >> 32n));

  test("there are 5334 patterns of 64 bits and 1302 of 32, and each is found", () => {
    expect([patterns(1).size, patterns(0).size]).toEqual([5334, 1302]);
    for (const is64 of WIDTHS) {
      for (const [value, field] of patterns(is64)) expect(bitmask(is64, high(value), low(value))).toBe(field);
    }
  });
  test("whatever differs from a pattern by one bit is refused unless it is one too", () => {
    for (const is64 of WIDTHS) {
      const known = patterns(is64);
      for (const value of known.keys()) {
        for (let bit = 0n; bit < width(is64); bit++) {
          const near = value ^ (1n << bit);
          const actual = bitmask(is64, high(near), low(near));
          if (actual !== (known.get(near) ?? REFUSALS.bitmask)) throw new Error(`${near.toString(16)}: ${actual}`);
        }
      }
    }
  });
  test.each([
    ["andImm", logical.andImm, "and"],
    ["orrImm", logical.orrImm, "orr"],
    ["eorImm", logical.eorImm, "eor"],
    ["andsImm", logical.andsImm, "ands"],
  ] as const)("%s", (_name, encode, op) => {
    const insn = (is64: Is64, rd: Reg, rn: Reg, imm: number): A64Insn => ({
      kind: "logicalImmediate",
      op,
      width: width(is64),
      rd: op === "ands" ? rd : orSp(rd),
      rn,
      value: is64 === 1 ? u64(BigInt(imm)) : u32(BigInt(imm)),
    });
    for (const is64 of WIDTHS) {
      for (const [rd, rn] of PAIRS) {
        for (const imm of [1, -2, 0x7fff_ffff]) says(encode(is64, rd, rn, imm), insn(is64, rd, rn, imm));
      }
      // A 32-bit immediate is sign-extended to the width.
      for (const value of patterns(is64).keys()) {
        const imm = low(value);
        const fits = is64 === 0 || u64(BigInt(imm)) === value;
        if (fits) says(encode(is64, X[3]!, X[4]!, imm), insn(is64, X[3]!, X[4]!, imm));
      }
      for (const imm of [0, -1, 5, 0x1234_5678]) refuses(encode(is64, X[0]!, X[1]!, imm), "bitmask");
    }
  });
  test("tests and inversions are spelled with them", () => {
    for (const is64 of WIDTHS) {
      expect(logical.tstReg(is64, X[3]!, X[4]!)).toBe(logical.andsReg(is64, X[31]!, X[3]!, X[4]!));
      expect(logical.tstImm(is64, X[3]!, 7)).toBe(logical.andsImm(is64, X[31]!, X[3]!, 7));
      expect(logical.mvn(is64, X[3]!, X[4]!)).toBe(logical.ornReg(is64, X[3]!, X[31]!, X[4]!));
    }
  });
});
