// The operands of a record: registers by their place in it, and what `imm` holds. Names are X and W for 64 and 32 bits,
// then the field: d, n, m, or a for the addend.

import { REGS } from "../layout";
import { extend, shift32, shift64 } from "./data";
import { IMM, RD, RM, RN } from "./ops";

// @ts-ignore: decorator
@inline
export function xd(record: usize): u64 {
  return load<u64>(<usize>load<u8>(record, RD) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function xn(record: usize): u64 {
  return load<u64>(<usize>load<u8>(record, RN) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function xm(record: usize): u64 {
  return load<u64>(<usize>load<u8>(record, RM) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function xa(record: usize): u64 {
  return load<u64>(<usize>load<u8>(record, IMM) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function wn(record: usize): u32 {
  return load<u32>(<usize>load<u8>(record, RN) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function wm(record: usize): u32 {
  return load<u32>(<usize>load<u8>(record, RM) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function wa(record: usize): u32 {
  return load<u32>(<usize>load<u8>(record, IMM) << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function put(record: usize, value: u64): void {
  store<u64>(<usize>load<u8>(record, RD) << 3, value, REGS);
}

// @ts-ignore: decorator
@inline
export function putTo(register: u32, value: u64): void {
  store<u64>(<usize>register << 3, value, REGS);
}

// @ts-ignore: decorator
@inline
export function imm(record: usize): u64 {
  return load<u64>(record, IMM);
}

// @ts-ignore: decorator
@inline
export function imm32(record: usize): u32 {
  return load<u32>(record, IMM);
}

/** A byte of `imm`. */
// @ts-ignore: decorator
@inline
export function part(record: usize, at: usize): u32 {
  return load<u8>(record + at, IMM);
}

// @ts-ignore: decorator
@inline
export function shifted64(record: usize): u64 {
  return shift64(xm(record), part(record, 0), part(record, 1));
}

// @ts-ignore: decorator
@inline
export function shifted32(record: usize): u32 {
  return shift32(wm(record), part(record, 0), part(record, 1));
}

// @ts-ignore: decorator
@inline
export function extended(record: usize): u64 {
  return extend(xm(record), part(record, 0), part(record, 1));
}

/** The second operand of a conditional comparison: a register, or the number that stands in its place. */
// @ts-ignore: decorator
@inline
export function compared(record: usize): u64 {
  return part(record, 2) ? load<u8>(record, RM) : xm(record);
}

/** What a conditional select makes of its second register. */
// @ts-ignore: decorator
@inline
export function otherwise(record: usize): u64 {
  const how = part(record, 1);
  return (how & 1 ? ~xm(record) : xm(record)) + (how >> 1);
}
