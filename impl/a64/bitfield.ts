// SBFM and UBFM, and the shifts by a constant and the extensions that are spelled with them.

import type { Is64, Reg } from "./registers.js";
import { type Encoded, REFUSALS, type Word, word } from "./word.js";

const SBFM = 0x1300_0000;
const UBFM = 0x5300_0000;

/** Bits as they are; callers have checked that immr and imms lie within the width. */
const field = (base: number, is64: Is64, rd: Reg, rn: Reg, immr: number, imms: number): Word =>
  word(base | (is64 << 31) | (is64 << 22) | (immr << 16) | (imms << 10) | (rn << 5) | rd);

const fits = (is64: Is64, x: number): boolean => x >= 0 && x < (is64 === 1 ? 64 : 32);

export const sbfm = (is64: Is64, rd: Reg, rn: Reg, immr: number, imms: number): Encoded =>
  fits(is64, immr) && fits(is64, imms) ? field(SBFM, is64, rd, rn, immr, imms) : REFUSALS.shift;
export const ubfm = (is64: Is64, rd: Reg, rn: Reg, immr: number, imms: number): Encoded =>
  fits(is64, immr) && fits(is64, imms) ? field(UBFM, is64, rd, rn, immr, imms) : REFUSALS.shift;

/** The amount is 0 .. width - 1. */
export function lslImm(is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded {
  if (!fits(is64, amount)) return REFUSALS.shift;
  const width = is64 === 1 ? 64 : 32;
  return field(UBFM, is64, rd, rn, (width - amount) & (width - 1), width - 1 - amount);
}
export const lsrImm = (is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded =>
  ubfm(is64, rd, rn, amount, is64 === 1 ? 63 : 31);
export const asrImm = (is64: Is64, rd: Reg, rn: Reg, amount: number): Encoded =>
  sbfm(is64, rd, rn, amount, is64 === 1 ? 63 : 31);

export const sxtb = (is64: Is64, rd: Reg, rn: Reg): Word => field(SBFM, is64, rd, rn, 0, 7);
export const sxth = (is64: Is64, rd: Reg, rn: Reg): Word => field(SBFM, is64, rd, rn, 0, 15);
/** To 64 bits only. */
export const sxtw = (rd: Reg, rn: Reg): Word => field(SBFM, 1, rd, rn, 0, 31);
export const uxth = (is64: Is64, rd: Reg, rn: Reg): Word => field(UBFM, is64, rd, rn, 0, 15);
export const uxtw = (is64: Is64, rd: Reg, rn: Reg): Word => field(UBFM, is64, rd, rn, 0, 31);
