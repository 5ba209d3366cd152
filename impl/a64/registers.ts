// General registers by number. 31 is the zero register or the stack pointer, depending on the instruction's field; both
// names are here so that a call says which one it means.

import type { Brand } from "../../spec/bits.js";

/** 0..31. */
export type Reg = Brand<number, "A64Reg">;
/** 1: 64-bit registers, 0: 32-bit registers. */
export type Is64 = 0 | 1;

/** @throws RangeError unless 0 <= n <= 31. */
export function reg(n: number): Reg {
  if (!Number.isInteger(n) || n < 0 || n > 31) throw new RangeError(`register ${n} does not exist, expected 0..31`);
  return n as Reg;
}

/** x0..x30 and 31. */
export const X: readonly Reg[] = Array.from({ length: 32 }, (_, n) => reg(n));
export const FP = reg(29);
export const LR = reg(30);
export const SP = reg(31);
export const ZR = reg(31);
