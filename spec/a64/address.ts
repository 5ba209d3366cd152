// Code addresses, and what lies within reach of one. Kernel addresses have their top sixteen bits set, so the low 48 bits in a plain number say all.

import { u64 } from "../bits.js";

const TOP_16 = 0xffff_0000_0000_0000n;

/** The 64-bit pointer to a code address; past the end of memory it wraps to zero. */
export const pointer = (pc: number): bigint => u64(TOP_16 + BigInt(pc));

/** The code address in a register, or undefined if it is not a kernel address. */
export const codeAddress = (register: bigint): number | undefined =>
  register >= TOP_16 ? Number(register & 0xffff_ffff_ffffn) : undefined;

/** Bytes that B and BL reach back; one instruction less forward. */
export const BRANCH_REACH = 2 ** 27;
/** Words that a conditional branch reaches back; one less forward. */
export const CONDITION_REACH = 2 ** 18;
/** @param from address of the branch */
export const isBeyondBranch = (from: number, to: number): boolean =>
  to - from < -BRANCH_REACH || to - from >= BRANCH_REACH;
