// Encoders of arithmetic, wide moves and bitfields. See encoder-testing.ts.

import { describe, expect, test } from "vitest";
import * as addSub from "../../impl/a64/add-sub.js";
import * as arithmetic from "../../impl/a64/arithmetic.js";
import * as bitfield from "../../impl/a64/bitfield.js";
import * as moveWide from "../../impl/a64/move-wide.js";
import { type Is64, type Reg, X } from "../../impl/a64/registers.js";
import type { A64Insn } from "../../spec/a64/insn.js";
import { FOURS, orSp, PAIRS, refuses, says, THREES, WIDTHS, width } from "./encoder-testing.js";

describe("add and subtract", () => {
  const IMMEDIATES = [0, 1, 0xffe, 0xfff, 0x1000, 0x2000, 0x80_0000, 0xfff000];
  test.each([
    ["addImm", addSub.addImm, "add", false],
    ["subImm", addSub.subImm, "sub", false],
    ["addsImm", addSub.addsImm, "add", true],
    ["subsImm", addSub.subsImm, "sub", true],
  ] as const)("%s", (_name, encode, op, setFlags) => {
    for (const is64 of WIDTHS) {
      for (const [rd, rn] of PAIRS) {
        for (const imm of IMMEDIATES) {
          says(encode(is64, rd, rn, imm), {
            kind: "addSubImmediate",
            op,
            setFlags,
            width: width(is64),
            rd: setFlags ? rd : orSp(rd),
            rn: orSp(rn),
            imm12: imm < 0x1000 ? imm : imm / 0x1000,
            shift: imm < 0x1000 ? 0 : 12,
            value: BigInt(imm),
          });
        }
      }
      for (const imm of [-1, -0x1000, 0x1001, 0xfff001, 0xffffff, 0x100_0000, 2 ** 31, -(2 ** 31), 2 ** 32]) {
        refuses(encode(is64, X[0]!, X[1]!, imm), "immediate");
      }
    }
  });
  test.each([
    ["addReg", addSub.addReg, "add", false],
    ["subReg", addSub.subReg, "sub", false],
    ["addsReg", addSub.addsReg, "add", true],
    ["subsReg", addSub.subsReg, "sub", true],
  ] as const)("%s", (_name, encode, op, setFlags) => {
    for (const is64 of WIDTHS) {
      for (const [rd, rn, rm] of THREES) {
        says(encode(is64, rd, rn, rm), {
          kind: "addSubShifted",
          op,
          setFlags,
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
  test("moves, comparisons and negation are spelled with them", () => {
    for (const is64 of WIDTHS) {
      for (const [a, b] of PAIRS) {
        expect(addSub.mov(is64, a, b)).toBe(addSub.addImm(is64, a, b, 0));
        expect(addSub.cmpReg(is64, a, b)).toBe(addSub.subsReg(is64, X[31]!, a, b));
        expect(addSub.neg(is64, a, b)).toBe(addSub.subReg(is64, a, X[31]!, b));
      }
      expect(addSub.cmpImm(is64, X[3]!, 9)).toBe(addSub.subsImm(is64, X[31]!, X[3]!, 9));
      expect(addSub.cmnImm(is64, X[3]!, 9)).toBe(addSub.addsImm(is64, X[31]!, X[3]!, 9));
    }
  });
});

test.each([
  ["movn", moveWide.movn],
  ["movz", moveWide.movz],
  ["movk", moveWide.movk],
] as const)("%s", (op, encode) => {
  for (const is64 of WIDTHS) {
    for (const rd of X) {
      for (const shift of is64 === 1 ? ([0, 16, 32, 48] as const) : ([0, 16] as const)) {
        for (const imm16 of [0, 1, 0x7fff, 0x8000, 0xffff]) {
          says(encode(is64, rd, imm16, shift), { kind: "moveWide", op, width: width(is64), rd, imm16, shift });
        }
      }
    }
    refuses(encode(is64, X[0]!, -1, 0), "immediate");
    refuses(encode(is64, X[0]!, 0x1_0000, 0), "immediate");
    for (const shift of [-16, 1, 8, 15, 64, ...(is64 === 1 ? [] : [32, 48])]) {
      refuses(encode(is64, X[0]!, 1, shift), "shift");
    }
  }
});

describe("bitfields", () => {
  const insn = (op: "sbfm" | "ubfm", is64: Is64, rd: Reg, rn: Reg, immr: number, imms: number): A64Insn => ({
    kind: "bitfield",
    op,
    width: width(is64),
    rd,
    rn,
    immr,
    imms,
  });
  test.each([
    ["sbfm", bitfield.sbfm],
    ["ubfm", bitfield.ubfm],
  ] as const)("%s", (op, encode) => {
    for (const is64 of WIDTHS) {
      const bits = width(is64);
      for (const [rd, rn] of PAIRS) says(encode(is64, rd, rn, 1, 2), insn(op, is64, rd, rn, 1, 2));
      for (let immr = 0; immr < bits; immr++) {
        for (let imms = 0; imms < bits; imms++) {
          says(encode(is64, X[3]!, X[4]!, immr, imms), insn(op, is64, X[3]!, X[4]!, immr, imms));
        }
      }
      for (const [immr, imms] of [
        [-1, 0],
        [0, -1],
        [bits, 0],
        [0, bits],
      ] as const) {
        refuses(encode(is64, X[0]!, X[1]!, immr, imms), "shift");
      }
    }
  });
  test("shifts by a constant", () => {
    for (const is64 of WIDTHS) {
      const bits = width(is64);
      for (let by = 0; by < bits; by++) {
        const [d, n] = [X[3]!, X[4]!];
        says(bitfield.lslImm(is64, d, n, by), insn("ubfm", is64, d, n, (bits - by) % bits, bits - 1 - by));
        says(bitfield.lsrImm(is64, d, n, by), insn("ubfm", is64, d, n, by, bits - 1));
        says(bitfield.asrImm(is64, d, n, by), insn("sbfm", is64, d, n, by, bits - 1));
      }
      for (const encode of [bitfield.lslImm, bitfield.lsrImm, bitfield.asrImm]) {
        for (const by of [-1, bits]) refuses(encode(is64, X[0]!, X[1]!, by), "shift");
      }
    }
  });
  test("extensions", () => {
    for (const [d, n] of PAIRS) {
      says(bitfield.sxtw(d, n), insn("sbfm", 1, d, n, 0, 31));
      for (const is64 of WIDTHS) {
        says(bitfield.sxtb(is64, d, n), insn("sbfm", is64, d, n, 0, 7));
        says(bitfield.sxth(is64, d, n), insn("sbfm", is64, d, n, 0, 15));
        says(bitfield.uxth(is64, d, n), insn("ubfm", is64, d, n, 0, 15));
        says(bitfield.uxtw(is64, d, n), insn("ubfm", is64, d, n, 0, 31));
      }
    }
  });
});

describe("arithmetic", () => {
  test.each([
    ["udiv", arithmetic.udiv],
    ["sdiv", arithmetic.sdiv],
    ["lslv", arithmetic.lslv],
    ["lsrv", arithmetic.lsrv],
    ["asrv", arithmetic.asrv],
  ] as const)("%s", (op, encode) => {
    for (const is64 of WIDTHS) {
      for (const [rd, rn, rm] of THREES) {
        says(encode(is64, rd, rn, rm), { kind: "twoSource", op, width: width(is64), rd, rn, rm });
      }
    }
  });
  test.each([
    ["madd", arithmetic.madd],
    ["msub", arithmetic.msub],
  ] as const)("%s", (op, encode) => {
    for (const is64 of WIDTHS) {
      for (const [rd, rn, rm, ra] of FOURS) {
        says(encode(is64, rd, rn, rm, ra), { kind: "threeSource", op, width: width(is64), rd, rn, rm, ra });
      }
      expect(arithmetic.mul(is64, X[1]!, X[2]!, X[3]!)).toBe(arithmetic.madd(is64, X[1]!, X[2]!, X[3]!, X[31]!));
    }
  });
  test("byte reversal", () => {
    for (const [rd, rn] of PAIRS) {
      says(arithmetic.rev64(rd, rn), { kind: "reverse", bits: 64, width: 64, rd, rn });
      for (const is64 of WIDTHS) {
        says(arithmetic.rev16(is64, rd, rn), { kind: "reverse", bits: 16, width: width(is64), rd, rn });
        says(arithmetic.rev32(is64, rd, rn), { kind: "reverse", bits: 32, width: width(is64), rd, rn });
      }
    }
  });
});
