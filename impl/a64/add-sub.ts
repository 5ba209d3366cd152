// ADD, ADDS, SUB and SUBS with an immediate or a register, and the moves and comparisons that are spelled with them.

import { type Is64, type Reg, ZR } from "./registers.js";
import { type Encoded, REFUSALS, type Word, word } from "./word.js";

const ADD = 0;
const ADDS = 0x2000_0000;
const SUB = 0x4000_0000;
const SUBS = 0x6000_0000;
const SHIFTED_BY_12 = 1 << 22;
const LOW_12 = 0xfff;

/** Whether 12 bits, or 12 bits shifted left by 12, hold `imm`; every negative number fails. */
export const isAddSubImm = (imm: number): boolean =>
  imm >= 0 && imm < 0x100_0000 && (imm <= LOW_12 || (imm & LOW_12) === 0);

function immediate(op: number, is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded {
  if (!isAddSubImm(imm)) return REFUSALS.immediate;
  const field = imm <= LOW_12 ? imm << 10 : SHIFTED_BY_12 | ((imm >>> 12) << 10);
  return word(0x1100_0000 | op | (is64 << 31) | field | (rn << 5) | rd);
}

const register = (op: number, is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word =>
  word(0x0b00_0000 | op | (is64 << 31) | (rm << 16) | (rn << 5) | rd);

/** rd and rn may be SP. */
export const addImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(ADD, is64, rd, rn, imm);
export const subImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(SUB, is64, rd, rn, imm);
/** rn may be SP; rd 31 is the zero register. */
export const addsImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(ADDS, is64, rd, rn, imm);
export const subsImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(SUBS, is64, rd, rn, imm);

export const addReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(ADD, is64, rd, rn, rm);
export const subReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(SUB, is64, rd, rn, rm);
export const subsReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(SUBS, is64, rd, rn, rm);

export const cmpImm = (is64: Is64, rn: Reg, imm: number): Encoded => subsImm(is64, ZR, rn, imm);
export const cmnImm = (is64: Is64, rn: Reg, imm: number): Encoded => addsImm(is64, ZR, rn, imm);
export const cmpReg = (is64: Is64, rn: Reg, rm: Reg): Word => subsReg(is64, ZR, rn, rm);
export const neg = (is64: Is64, rd: Reg, rm: Reg): Word => subReg(is64, rd, ZR, rm);

/** A move by ADD #0, which also reads and writes SP. */
export const mov = (is64: Is64, rd: Reg, rn: Reg): Word => word(0x1100_0000 | (is64 << 31) | (rn << 5) | rd);
