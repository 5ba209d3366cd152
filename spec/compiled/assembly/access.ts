// Loads, stores and atomic operations: RFC 9669 section 5. All answer false for an access that the program may not make.

import { FIELD_LOADED, FIELD_SKIPPED, FIELD_WIDTH, REGISTERS } from "../layout";
import { BAD, fieldOf, placeOf, readable, writable } from "./memory";

// @ts-ignore: decorator
@inline
function put(register: u32, value: u64): void {
  store<u64>(<usize>register << 3, value, REGISTERS);
}

// @ts-ignore: decorator
@inline
function loadAs<T>(dst: u32, address: u64): bool {
  const place = readable(address, sizeof<T>());
  if (place == BAD) return loadField<T>(dst, address);
  put(dst, <u64>load<T>(place));
  return true;
}

function loadField<T>(dst: u32, address: u64): bool {
  const field = fieldOf(address, sizeof<T>(), false);
  if (field == 0) return false;
  const width = (field >> FIELD_WIDTH) & 3;
  const skipped = <u64>((field >> FIELD_SKIPPED) & 15);
  const whole = loadWidth(placeOf(field), width) >> (8 * skipped);
  const bits = <u64>8 << ((field >> FIELD_LOADED) & 3);
  const value = bits == 64 ? whole : whole & ((<u64>1 << bits) - 1);
  put(dst, isSigned<T>() ? <u64><i64><T>value : value);
  return true;
}

function loadWidth(place: usize, width: u32): u64 {
  switch (width) {
    case 0: return <u64>load<u8>(place);
    case 1: return <u64>load<u16>(place);
    case 2: return <u64>load<u32>(place);
    default: return load<u64>(place);
  }
}

function storeField(address: u64, size: u32, value: u64): bool {
  const field = fieldOf(address, size, true);
  if (field == 0) return false;
  const place = placeOf(field);
  switch ((field >> FIELD_WIDTH) & 3) {
    case 0: store<u8>(place, <u8>value); break;
    case 1: store<u16>(place, <u16>value); break;
    case 2: store<u32>(place, <u32>value); break;
    default: store<u64>(place, value);
  }
  return true;
}

export function loadTo(opcode: u32, dst: u32, address: u64): bool {
  switch (opcode) {
    case 0x61: return loadAs<u32>(dst, address);
    case 0x69: return loadAs<u16>(dst, address);
    case 0x71: return loadAs<u8>(dst, address);
    case 0x79: return loadAs<u64>(dst, address);
    case 0x81: return loadAs<i32>(dst, address);
    case 0x89: return loadAs<i16>(dst, address);
    default: return loadAs<i8>(dst, address);
  }
}

// @ts-ignore: decorator
@inline
function storeAs<T>(address: u64, value: u64): bool {
  const place = writable(address, sizeof<T>());
  if (place == BAD) return storeField(address, sizeof<T>(), value);
  store<T>(place, <T>value);
  return true;
}

/** The size is in bits 3 and 4 of an opcode. */
export function storeTo(opcode: u32, address: u64, value: u64): bool {
  switch (opcode & 0x18) {
    case 0x00: return storeAs<u32>(address, value);
    case 0x08: return storeAs<u16>(address, value);
    case 0x10: return storeAs<u8>(address, value);
    default: return storeAs<u64>(address, value);
  }
}

function isAligned(opcode: u32, address: u64): bool {
  const size = (opcode & 0x18) == 0 ? 4 : (opcode & 0x18) == 0x08 ? 2 : (opcode & 0x18) == 0x10 ? 1 : 8;
  return (address & (<u64>size - 1)) == 0;
}

export function loadAcquire(opcode: u32, dst: u32, address: u64): bool {
  return isAligned(opcode, address) && loadTo(0x61 | (opcode & 0x18), dst, address);
}

export function storeRelease(opcode: u32, address: u64, value: u64): bool {
  return isAligned(opcode, address) && storeTo(opcode, address, value);
}

/** What was there before goes to src, or for a comparison to r0, if asked for. */
export function atomic<T>(address: u64, src: u32, imm: i32): bool {
  if ((address & (sizeof<T>() - 1)) != 0) return false;
  const from = readable(address, sizeof<T>());
  if (from == BAD) return false;
  const old = load<T>(from);
  const operand = <T>load<u64>(<usize>src << 3, REGISTERS);
  let value = old;
  switch (imm & ~1) {
    case 0x00: value = old + operand; break;
    case 0x40: value = old | operand; break;
    case 0x50: value = old & operand; break;
    case 0xa0: value = old ^ operand; break;
    case 0xe0: value = operand; break;
    default: if (old == <T>load<u64>(REGISTERS)) value = operand;
  }
  const to = writable(address, sizeof<T>());
  if (to == BAD) return false;
  store<T>(to, value);
  if ((imm & 1) != 0) put((imm & ~1) == 0xf0 ? 0 : src, <u64>old);
  return true;
}
