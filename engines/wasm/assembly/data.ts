// Arithmetic that is more than one WebAssembly instruction: shifted operands, sums with flags, division, byte order.

import { Shift } from "./ops";

/** The flags: N is the sign of one number, Z whether another is zero (both the last result), C one bit, V a sign. */
export let negative: i64 = 0;
export let zero: i64 = 1;
export let carry: bool = false;
export let overflow: i64 = 0;

export function setFlags(nzcv: u32): void {
  negative = nzcv & 8 ? -1 : 0;
  zero = nzcv & 4 ? 0 : 1;
  carry = (nzcv & 2) != 0;
  overflow = nzcv & 1 ? -1 : 0;
}

export function packedFlags(): u32 {
  return (negative < 0 ? 8 : 0) | (zero == 0 ? 4 : 0) | (carry ? 2 : 0) | (overflow < 0 ? 1 : 0);
}

// @ts-ignore: decorator
@inline
function setResult(result: i64): void {
  negative = result;
  zero = result;
}

// @ts-ignore: decorator
@inline
export function adds64(a: u64, b: u64): u64 {
  const sum = a + b;
  setResult(sum);
  carry = sum < a;
  overflow = (a ^ sum) & (b ^ sum);
  return sum;
}

// @ts-ignore: decorator
@inline
export function subs64(a: u64, b: u64): u64 {
  const difference = a - b;
  setResult(difference);
  carry = a >= b;
  overflow = (a ^ b) & (a ^ difference);
  return difference;
}

// @ts-ignore: decorator
@inline
export function adds32(a: u32, b: u32): u64 {
  const sum = a + b;
  setResult(<i32>sum);
  carry = sum < a;
  overflow = <i32>((a ^ sum) & (b ^ sum));
  return sum;
}

// @ts-ignore: decorator
@inline
export function subs32(a: u32, b: u32): u64 {
  const difference = a - b;
  setResult(<i32>difference);
  carry = a >= b;
  overflow = <i32>((a ^ b) & (a ^ difference));
  return difference;
}

// @ts-ignore: decorator
@inline
export function ands(result: i64): u64 {
  setResult(result);
  carry = false;
  overflow = 0;
  return result;
}

export function shift64(value: u64, kind: u32, amount: u64): u64 {
  switch (kind) {
    case Shift.LSL:
      return value << amount;
    case Shift.LSR:
      return value >> amount;
    case Shift.ASR:
      return <i64>value >> amount;
    default:
      return rotr<u64>(value, amount);
  }
}

export function shift32(value: u32, kind: u32, amount: u32): u32 {
  switch (kind) {
    case Shift.LSL:
      return value << amount;
    case Shift.LSR:
      return value >> amount;
    case Shift.ASR:
      return <i32>value >> amount;
    default:
      return rotr<u32>(value, amount);
  }
}

/** @param how operation in the third byte, invert in the fourth. */
export function logical64(how: u32, a: u64, operand: u64): u64 {
  const b = how >> 24 ? ~operand : operand;
  switch ((how >> 16) & 3) {
    case 0:
      return a & b;
    case 1:
      return a | b;
    case 2:
      return a ^ b;
    default:
      return ands(a & b);
  }
}

export function logical32(how: u32, a: u32, operand: u32): u64 {
  const b = how >> 24 ? ~operand : operand;
  switch ((how >> 16) & 3) {
    case 0:
      return a & b;
    case 1:
      return a | b;
    case 2:
      return a ^ b;
    default:
      return <u32>ands(<i32>(a & b));
  }
}

// @ts-ignore: decorator
@inline
export function udiv64(a: u64, b: u64): u64 {
  return b == 0 ? 0 : a / b;
}

// @ts-ignore: decorator
@inline
export function udiv32(a: u32, b: u32): u64 {
  return b == 0 ? 0 : a / b;
}

/** The quotient of the smallest number by -1 does not fit and is that number again. */
// @ts-ignore: decorator
@inline
export function sdiv64(a: i64, b: i64): u64 {
  if (b == 0) return 0;
  return b == -1 ? -a : a / b;
}

// @ts-ignore: decorator
@inline
export function sdiv32(a: i32, b: i32): u64 {
  if (b == 0) return 0;
  return <u32>(b == -1 ? -a : a / b);
}

/** Swap the two bytes of each halfword. */
export function rev16(value: u64): u64 {
  return ((value & 0x00ff_00ff_00ff_00ff) << 8) | ((value >> 8) & 0x00ff_00ff_00ff_00ff);
}
