// Loads and stores: with a register offset, an unsigned scaled offset, a literal, and pairs with write-back. The access
// size is a power of two: `size` 0, 1, 2, 3 for 1, 2, 4, 8 bytes.

import { SHORT_REACH } from "./branch.js";
import { type Is64, type Reg, SP } from "./registers.js";
import { type Encoded, REFUSALS, type Word, word } from "./word.js";

/** log2 of the bytes that are accessed. */
export type SizeLog = 0 | 1 | 2 | 3;
/** Sizes that sign-extend to 64 bits. */
export type SignedSizeLog = 0 | 1 | 2;

/** Whether the unsigned-offset form reaches `offset`: a multiple of the size, at most 4095 times it. */
export const isScaledOffset = (size: SizeLog, offset: number): boolean =>
  offset >= 0 && offset <= 4095 << size && (offset & ((1 << size) - 1)) === 0;

function scaled(base: number, size: SizeLog, rt: Reg, rn: Reg, offset: number): Encoded {
  if (!isScaledOffset(size, offset)) return REFUSALS.offset;
  return word(base | (size << 30) | ((offset >> size) << 10) | (rn << 5) | rt);
}
const indexed = (base: number, size: SizeLog, rt: Reg, rn: Reg, rm: Reg): Word =>
  word(base | (size << 30) | (rm << 16) | (rn << 5) | rt);

/** rt = zero-extended memory at rn (or SP) + offset. */
export const ldrImm = (size: SizeLog, rt: Reg, rn: Reg, offset: number): Encoded =>
  scaled(0x3940_0000, size, rt, rn, offset);
export const strImm = (size: SizeLog, rt: Reg, rn: Reg, offset: number): Encoded =>
  scaled(0x3900_0000, size, rt, rn, offset);
/** Sign-extended to 64 bits. */
export const ldrsImm = (size: SignedSizeLog, rt: Reg, rn: Reg, offset: number): Encoded =>
  scaled(0x3980_0000, size, rt, rn, offset);

/** rt = zero-extended memory at rn + rm. */
export const ldrReg = (size: SizeLog, rt: Reg, rn: Reg, rm: Reg): Word => indexed(0x3860_6800, size, rt, rn, rm);
export const strReg = (size: SizeLog, rt: Reg, rn: Reg, rm: Reg): Word => indexed(0x3820_6800, size, rt, rn, rm);
/** Sign-extended to 64 bits; the index is spelled SXTX, which for 64 bits means the same as LSL. */
export const ldrsReg = (size: SignedSizeLog, rt: Reg, rn: Reg, rm: Reg): Word => indexed(0x38a0_e800, size, rt, rn, rm);

/** rt = memory at this instruction + bytes. */
export function ldrLiteral(is64: Is64, rt: Reg, bytes: number): Encoded {
  if (bytes < -SHORT_REACH || bytes >= SHORT_REACH) return REFUSALS.branchRange;
  if (bytes % 4 !== 0) return REFUSALS.branchAlignment;
  return word(0x1800_0000 | (is64 << 30) | (((bytes >> 2) & 0x7_ffff) << 5) | rt);
}

function pair(base: number, rt: Reg, rt2: Reg, rn: Reg, offset: number): Encoded {
  if (offset < -512 || offset > 504 || offset % 8 !== 0) return REFUSALS.offset;
  return word(base | (((offset >> 3) & 0x7f) << 15) | (rt2 << 10) | (rn << 5) | rt);
}
/** rn += offset, then store two 64-bit registers there. */
export const stpPre = (rt: Reg, rt2: Reg, rn: Reg, offset: number): Encoded => pair(0xa980_0000, rt, rt2, rn, offset);
/** Load two 64-bit registers, then rn += offset. */
export const ldpPost = (rt: Reg, rt2: Reg, rn: Reg, offset: number): Encoded => pair(0xa8c0_0000, rt, rt2, rn, offset);

export const push = (rt: Reg, rt2: Reg): Word => stpPre(rt, rt2, SP, -16) as Word;
export const pop = (rt: Reg, rt2: Reg): Word => ldpPost(rt, rt2, SP, 16) as Word;
