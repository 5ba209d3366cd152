// What every decoder function reads from a word and writes to a record.

import { SINK, STACK_POINTER, ZERO } from "../layout";
import { IMM, Op, RD, RM, RN } from "./ops";

// @ts-ignore: decorator
@inline
export function field(word: u32, high: u32, low: u32): u32 {
  return (word << (31 - high)) >> (31 - high + low);
}

// @ts-ignore: decorator
@inline
export function signedField(word: u32, high: u32, low: u32): i32 {
  return <i32>(word << (31 - high)) >> (31 - high + low);
}

/** A register that is written, where 31 is the zero register. */
// @ts-ignore: decorator
@inline
export function target(reg: u32): u32 {
  return reg == ZERO ? SINK : reg;
}

/** A register where 31 is SP. */
// @ts-ignore: decorator
@inline
export function orSp(reg: u32): u32 {
  return reg == ZERO ? STACK_POINTER : reg;
}

export function operands(record: usize, rd: u32, rn: u32, rm: u32, imm: i64): void {
  store<u8>(record, <u8>rd, RD);
  store<u8>(record, <u8>rn, RN);
  store<u8>(record, <u8>rm, RM);
  store<i64>(record, imm, IMM);
}

/** Operations come in pairs: the one of 64 bits, and behind it that of 32. */
// @ts-ignore: decorator
@inline
export function sized(op: Op, is64: bool): Op {
  return is64 ? op : op + 1;
}
