// Arithmetic that is more than one WebAssembly instruction: shifted operands, sums with flags, division, byte order.

import { Extension, Shift } from "./ops";

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

/** a + b + carry; to subtract, b is inverted. */
export function adcs64(a: u64, b: u64): u64 {
  const sum = a + b + <u64>carry;
  overflow = (a ^ sum) & (b ^ sum);
  carry = carry ? sum <= a : sum < a;
  setResult(sum);
  return sum;
}

export function adcs32(a: u32, b: u32): u64 {
  const sum = a + b + <u32>carry;
  overflow = <i32>((a ^ sum) & (b ^ sum));
  carry = carry ? sum <= a : sum < a;
  setResult(<i32>sum);
  return sum;
}

/** The sixteen conditions in the order of their encoding. */
export function holds(condition: u32): bool {
  let result: bool;
  switch (condition >> 1) {
    case 0:
      result = zero == 0;
      break;
    case 1:
      result = carry;
      break;
    case 2:
      result = negative < 0;
      break;
    case 3:
      result = overflow < 0;
      break;
    case 4:
      result = carry && zero != 0;
      break;
    case 5:
      result = (negative ^ overflow) >= 0;
      break;
    case 6:
      result = zero != 0 && (negative ^ overflow) >= 0;
      break;
    default:
      return true;
  }
  return result != ((condition & 1) != 0);
}

export function extend(value: u64, how: u32, shift: u32): u64 {
  switch (how) {
    case Extension.UXTB:
      return <u64><u8>value << shift;
    case Extension.UXTH:
      return <u64><u16>value << shift;
    case Extension.UXTW:
      return <u64><u32>value << shift;
    case Extension.SXTB:
      return <u64><i64><i8>value << shift;
    case Extension.SXTH:
      return <u64><i64><i16>value << shift;
    case Extension.SXTW:
      return <u64><i64><i32>value << shift;
    default:
      return value << shift;
  }
}

/** Upper half of the product. */
export function umulh(a: u64, b: u64): u64 {
  const aLow = a & 0xffff_ffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffff_ffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const low = aLow * bHigh + (middle & 0xffff_ffff);
  return aHigh * bHigh + (middle >> 32) + (low >> 32);
}

export function smulh(a: i64, b: i64): u64 {
  return umulh(a, b) - (a < 0 ? <u64>b : 0) - (b < 0 ? <u64>a : 0);
}

export function rbit(value: u64): u64 {
  let bits = bswap<u64>(value);
  bits = ((bits & 0x0f0f_0f0f_0f0f_0f0f) << 4) | ((bits >> 4) & 0x0f0f_0f0f_0f0f_0f0f);
  bits = ((bits & 0x3333_3333_3333_3333) << 2) | ((bits >> 2) & 0x3333_3333_3333_3333);
  return ((bits & 0x5555_5555_5555_5555) << 1) | ((bits >> 1) & 0x5555_5555_5555_5555);
}

/** CRC32 and CRC32C of so many bytes, in the order of bits that has the polynomial's reversed too. */
export function crc32(accumulator: u32, value: u64, bytes: u32, castagnoli: bool): u32 {
  const polynomial: u32 = castagnoli ? 0x82f6_3b78 : 0xedb8_8320;
  let crc = accumulator;
  for (let i: u32 = 0; i < bytes; i++) {
    crc ^= <u8>(value >> (8 * i));
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
  }
  return crc;
}

/** A field of `value`, moved to where `left` and `right` shift it, in place of those bits of `old`. */
export function inserted64(old: u64, value: u64, left: u32, right: u32): u64 {
  const mask = (~(<u64>0) << left) >> right;
  return (old & ~mask) | ((value << left) >> right);
}

export function inserted32(old: u32, value: u32, left: u32, right: u32): u32 {
  const mask = (~(<u32>0) << left) >> right;
  return (old & ~mask) | ((value << left) >> right);
}
