// Multiplication, division, shifts by a register and byte reversal.

import { type Is64, type Reg, ZR } from "./registers.js";
import { type Word, word } from "./word.js";

const threeSource = (base: number, is64: Is64, rd: Reg, rn: Reg, rm: Reg, ra: Reg): Word =>
  word(base | (is64 << 31) | (rm << 16) | (ra << 10) | (rn << 5) | rd);
const twoSource = (base: number, is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word =>
  word(base | (is64 << 31) | (rm << 16) | (rn << 5) | rd);
const oneSource = (base: number, is64: Is64, rd: Reg, rn: Reg): Word => word(base | (is64 << 31) | (rn << 5) | rd);

/** rd = ra + rn * rm. */
export const madd = (is64: Is64, rd: Reg, rn: Reg, rm: Reg, ra: Reg): Word =>
  threeSource(0x1b00_0000, is64, rd, rn, rm, ra);
/** rd = ra - rn * rm. */
export const msub = (is64: Is64, rd: Reg, rn: Reg, rm: Reg, ra: Reg): Word =>
  threeSource(0x1b00_8000, is64, rd, rn, rm, ra);
export const mul = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => madd(is64, rd, rn, rm, ZR);

export const udiv = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => twoSource(0x1ac0_0800, is64, rd, rn, rm);
export const sdiv = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => twoSource(0x1ac0_0c00, is64, rd, rn, rm);
/** The amount is rm modulo the width. */
export const lslv = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => twoSource(0x1ac0_2000, is64, rd, rn, rm);
export const lsrv = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => twoSource(0x1ac0_2400, is64, rd, rn, rm);
export const asrv = (is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word => twoSource(0x1ac0_2800, is64, rd, rn, rm);

/** Reverse the bytes of each half-word. */
export const rev16 = (is64: Is64, rd: Reg, rn: Reg): Word => oneSource(0x5ac0_0400, is64, rd, rn);
/** Reverse the bytes of each word; of a 32-bit register, all of its bytes. */
export const rev32 = (is64: Is64, rd: Reg, rn: Reg): Word => oneSource(0x5ac0_0800, is64, rd, rn);
/** Reverse all eight bytes. */
export const rev64 = (rd: Reg, rn: Reg): Word => oneSource(0x5ac0_0c00, 1, rd, rn);
