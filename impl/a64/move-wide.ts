// MOVN, MOVZ and MOVK: 16 bits into one quarter of a register.

import type { Is64, Reg } from "./registers.js";
import { type Encoded, REFUSALS, word } from "./word.js";

function moveWide(base: number, is64: Is64, rd: Reg, imm16: number, shift: number): Encoded {
  if (imm16 < 0 || imm16 > 0xffff) return REFUSALS.immediate;
  if ((shift & 15) !== 0 || shift < 0 || shift > (is64 === 1 ? 48 : 16)) return REFUSALS.shift;
  return word(base | (is64 << 31) | ((shift >> 4) << 21) | (imm16 << 5) | rd);
}

/** Quarter := ~imm16, all others ones. `shift` is 0 or 16, and for 64-bit registers also 32 or 48. */
export const movn = (is64: Is64, rd: Reg, imm16: number, shift: number): Encoded =>
  moveWide(0x1280_0000, is64, rd, imm16, shift);
/** Quarter := imm16, all others zero. */
export const movz = (is64: Is64, rd: Reg, imm16: number, shift: number): Encoded =>
  moveWide(0x5280_0000, is64, rd, imm16, shift);
/** Quarter := imm16, all others kept. */
export const movk = (is64: Is64, rd: Reg, imm16: number, shift: number): Encoded =>
  moveWide(0x7280_0000, is64, rd, imm16, shift);
