// SBFM and UBFM, and the shifts by a constant and the extensions that are spelled with them.

import type { Is64, Reg } from "./registers.js";
import { type Encoded, REFUSALS, type Word, word } from "./word.js";

const SBFM = 0x1300_0000;
const UBFM = 0x5300_0000;

/** Bits as they are: immr and imms lie within the width. */
const field = (base: number, is64: Is64, rd: Reg, rn: Reg, immr: number, imms: number): Word =>
  word(base | (is64 << 31) | (is64 << 22) | (immr << 16) | (imms << 10) | (rn << 5) | rd);

const topBit = (is64: Is64): number => (is64 === 1 ? 63 : 31);
const fits = (is64: Is64, x: number): boolean => x >= 0 && x <= topBit(is64);

/** The amount is 0 .. width - 1. */
export function lslImm(is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded {
  const top = topBit(is64);
  return fits(is64, amount) ? field(UBFM, is64, rd, rn, -amount & top, top - amount) : REFUSALS.shift;
}
export const lsrImm = (is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded => right(UBFM, is64, rd, rn, amount);
export const asrImm = (is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded => right(SBFM, is64, rd, rn, amount);

const right = (base: number, is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded =>
  fits(is64, amount) ? field(base, is64, rd, rn, amount, topBit(is64)) : REFUSALS.shift;

export const sxtb = (is64: Is64, rd: Reg, rn: Reg): Word => field(SBFM, is64, rd, rn, 0, 7);
export const sxth = (is64: Is64, rd: Reg, rn: Reg): Word => field(SBFM, is64, rd, rn, 0, 15);
/** To 64 bits only. */
export const sxtw = (rd: Reg, rn: Reg): Word => field(SBFM, 1, rd, rn, 0, 31);
export const uxth = (is64: Is64, rd: Reg, rn: Reg): Word => field(UBFM, is64, rd, rn, 0, 15);
export const uxtw = (is64: Is64, rd: Reg, rn: Reg): Word => field(UBFM, is64, rd, rn, 0, 31);
