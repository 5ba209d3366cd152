// The smallest parts of disassembly: names of registers and the way numbers and lines are written.

import type { Shift } from "./decode-data.js";
import { type Reg, SP, type Width, ZR } from "./registers.js";

export function regName(reg: Reg, width: Width): string {
  if (reg === ZR) return width === 64 ? "xzr" : "wzr";
  if (reg === SP) return width === 64 ? "sp" : "wsp";
  return `${width === 64 ? "x" : "w"}${reg}`;
}

/** Capstone 5 prints this number as if its magnitude were sign-extended; listings must agree all the same. */
const INT32_MIN = -0x8000_0000n;

/** `#9`, `#0xa`, `#-9`, `#-0xa`. */
export function number(value: number | bigint): string {
  if (value === INT32_MIN) return "#-0xffffffff80000000";
  const magnitude = value < 0 ? -value : value;
  return `#${value < 0 ? "-" : ""}${magnitude > 9 ? `0x${magnitude.toString(16)}` : magnitude}`;
}

/** Always decimal. A shift by zero with LSL is not written. */
export const shiftSuffix = (shift: Shift, amount: number): string =>
  shift === "lsl" && amount === 0 ? "" : `, ${shift} #${amount}`;

/** Mnemonic, a space, and the operands. */
export const line = (mnemonic: string, ...operands: readonly string[]): string => `${mnemonic} ${operands.join(", ")}`;
