// AND, ORR, EOR, ANDS and ORN with a register or a bitmask immediate.

import { bitmask } from "./bitmask.js";
import { type Is64, type Reg, ZR } from "./registers.js";
import { type Encoded, REFUSALS, type Word, word } from "./word.js";

const AND = 0;
const ORR = 0x2000_0000;
const EOR = 0x4000_0000;
const ANDS = 0x6000_0000;
const INVERT = 1 << 21;

const register = (op: number, is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word =>
  word(0x0a00_0000 | op | (is64 << 31) | (rm << 16) | (rn << 5) | rd);

function immediate(op: number, is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded {
  const field = bitmask(is64, imm >> 31, imm);
  return field < 0 ? REFUSALS.bitmask : word(0x1200_0000 | op | (is64 << 31) | (field << 10) | (rn << 5) | rd);
}

export const andReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(AND, is64, rd, rn, rm);
export const orrReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(ORR, is64, rd, rn, rm);
export const eorReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(EOR, is64, rd, rn, rm);
export const andsReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(ANDS, is64, rd, rn, rm);
export const ornReg = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => register(ORR | INVERT, is64, rd, rn, rm);
export const tstReg = (is64: Is64, rn: Reg, rm: Reg): Word => andsReg(is64, ZR, rn, rm);
export const mvn = (is64: Is64, rd: Reg, rm: Reg): Word => ornReg(is64, rd, ZR, rm);

/** `imm` is 32 bits: sign-extended for 64-bit registers. rd may be SP, except of ANDS. */
export const andImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(AND, is64, rd, rn, imm);
export const orrImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(ORR, is64, rd, rn, imm);
export const eorImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(EOR, is64, rd, rn, imm);
export const andsImm = (is64: Is64, rd: Reg, rn: Reg, imm: number): Encoded => immediate(ANDS, is64, rd, rn, imm);
export const tstImm = (is64: Is64, rn: Reg, imm: number): Encoded => andsImm(is64, ZR, rn, imm);

/** A move by ORR with the zero register; neither register may be SP. */
export const movOrr = (is64: Is64, rd: Reg, rm: Reg): Word => orrReg(is64, rd, ZR, rm);
