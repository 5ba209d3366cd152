// Loads and stores of one register or two. Each function answers false if the instruction stops; nothing has changed
// then but, at most, the first half of a pair in memory.

import { READ_TLB, WRITE_TLB } from "../layout";
import { extend } from "./data";
import { isAligned, isBase } from "./check";
import { near, readable, storeTo } from "./memory";
import { forgetIfOverlapping } from "./monitor";
import { imm, part, put, putTo, xd, xm, xn } from "./operands";
import { Op, RM, RN } from "./ops";

/** Base and immediate, or base and index. */
// @ts-ignore: decorator
@inline
function addressOf(record: usize, indexed: bool): u64 {
  return xn(record) + (indexed ? extend(xm(record), part(record, 0), part(record, 1)) : imm(record));
}

/** Load a `T` and widen it, by its sign to an `R`, then with zeroes. */
// @ts-ignore: decorator
@inline
export function loadAs<Source, T, R>(record: usize, indexed: bool): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  const place = readable<Source>(addressOf(record, indexed), sizeof<T>());
  if (place == 0) return false;
  put(record, <u64><R>load<T>(place));
  return true;
}

// @ts-ignore: decorator
@inline
export function storeAs<Source, T>(record: usize, indexed: bool): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  return storeTo<Source, T>(addressOf(record, indexed), <T>xd(record));
}

/** With the base written back. A push is judged by the frame that it makes, a pop by the one that it leaves. */
// @ts-ignore: decorator
@inline
export function loadMoving<Source, T, R>(record: usize, before: bool): bool {
  const base = load<u8>(record, RN);
  if (!isBase(base)) return false;
  const old = xn(record);
  const moved = old + imm(record);
  if (before) putTo(base, moved);
  const place = readable<Source>(before ? moved : old, sizeof<T>());
  if (place == 0) {
    if (before) putTo(base, old);
    return false;
  }
  put(record, <u64><R>load<T>(place));
  putTo(base, moved);
  return true;
}

// @ts-ignore: decorator
@inline
export function storeMoving<Source, T>(record: usize, before: bool): bool {
  const base = load<u8>(record, RN);
  if (!isBase(base)) return false;
  const old = xn(record);
  const moved = old + imm(record);
  if (before) putTo(base, moved);
  const done = storeTo<Source, T>(before ? moved : old, <T>xd(record));
  putTo(base, done ? moved : old);
  return done;
}

// @ts-ignore: decorator
@inline
export function loadLiteral<Source, T, R>(record: usize, pc: u64): bool {
  const place = readable<Source>(pc + imm(record), sizeof<T>());
  if (place == 0) return false;
  put(record, <u64><R>load<T>(place));
  return true;
}

/** LDAR, LDAPR, LDAPUR and their kin: of aligned memory. On one processor the order is as it is anyway. */
export function loadOrdered<Source>(record: usize): bool {
  switch (<i32>load<u8>(record, RM)) {
    case Op.LDRB: return isOrdered<u8>(record, false) && loadAs<Source, u8, u64>(record, false);
    case Op.LDRH: return isOrdered<u16>(record, false) && loadAs<Source, u16, u64>(record, false);
    case Op.LDR32: return isOrdered<u32>(record, false) && loadAs<Source, u32, u64>(record, false);
    case Op.LDR64: return isOrdered<u64>(record, false) && loadAs<Source, u64, u64>(record, false);
    case Op.LDRSB64: return isOrdered<u8>(record, false) && loadAs<Source, i8, i64>(record, false);
    case Op.LDRSB32: return isOrdered<u8>(record, false) && loadAs<Source, i8, u32>(record, false);
    case Op.LDRSH64: return isOrdered<u16>(record, false) && loadAs<Source, i16, i64>(record, false);
    case Op.LDRSH32: return isOrdered<u16>(record, false) && loadAs<Source, i16, u32>(record, false);
    default: return isOrdered<u32>(record, false) && loadAs<Source, i32, i64>(record, false);
  }
}

export function storeOrdered<Source>(record: usize): bool {
  switch (<i32>load<u8>(record, RM)) {
    case Op.STRB: return isOrdered<u8>(record, true) && storeAs<Source, u8>(record, false);
    case Op.STRH: return isOrdered<u16>(record, true) && storeAs<Source, u16>(record, false);
    case Op.STR32: return isOrdered<u32>(record, true) && storeAs<Source, u32>(record, false);
    default: return isOrdered<u64>(record, true) && storeAs<Source, u64>(record, false);
  }
}

function isOrdered<T>(record: usize, stores: bool): bool {
  return isBase(load<u8>(record, RN)) && isAligned(addressOf(record, false), sizeof<T>(), stores);
}

// @ts-ignore: decorator
@inline
function loadPairFrom<Source, T, R>(record: usize, address: u64): bool {
  const place = near<Source>(READ_TLB, address, 2 * sizeof<T>());
  if (place == 0) return loadHalves<Source, T, R>(record, address);
  const second = <u64><R>load<T>(place + sizeof<T>());
  put(record, <u64><R>load<T>(place));
  putTo(load<u8>(record, RM), second);
  return true;
}

function loadHalves<Source, T, R>(record: usize, address: u64): bool {
  const low = readable<Source>(address, sizeof<T>());
  if (low == 0) return false;
  const first = load<T>(low);
  const high = readable<Source>(address + sizeof<T>(), sizeof<T>());
  if (high == 0) return false;
  put(record, <u64><R>first);
  putTo(load<u8>(record, RM), <u64><R>load<T>(high));
  return true;
}

// @ts-ignore: decorator
@inline
function storePairTo<Source, T>(record: usize, address: u64): bool {
  const place = near<Source>(WRITE_TLB, address, 2 * sizeof<T>());
  if (place == 0) return storeHalves<Source, T>(record, address);
  store<T>(place, <T>xd(record));
  store<T>(place + sizeof<T>(), <T>xm(record));
  forgetIfOverlapping(address, 2 * sizeof<T>());
  return true;
}

/** The first half may have been stored even if this answers false. */
function storeHalves<Source, T>(record: usize, address: u64): bool {
  return storeTo<Source, T>(address, <T>xd(record)) && storeTo<Source, T>(address + sizeof<T>(), <T>xm(record));
}

// @ts-ignore: decorator
@inline
export function loadPair<Source, T, R>(record: usize): bool {
  return isBase(load<u8>(record, RN)) && loadPairFrom<Source, T, R>(record, xn(record) + imm(record));
}

// @ts-ignore: decorator
@inline
export function storePair<Source, T>(record: usize): bool {
  return isBase(load<u8>(record, RN)) && storePairTo<Source, T>(record, xn(record) + imm(record));
}

// @ts-ignore: decorator
@inline
export function loadMovingPair<Source, T, R>(record: usize, before: bool): bool {
  const base = load<u8>(record, RN);
  if (!isBase(base)) return false;
  const old = xn(record);
  const moved = old + imm(record);
  if (before) putTo(base, moved);
  const done = loadPairFrom<Source, T, R>(record, before ? moved : old);
  putTo(base, done ? moved : old);
  return done;
}

// @ts-ignore: decorator
@inline
export function storeMovingPair<Source, T>(record: usize, before: bool): bool {
  const base = load<u8>(record, RN);
  if (!isBase(base)) return false;
  const old = xn(record);
  const moved = old + imm(record);
  if (before) putTo(base, moved);
  const done = storePairTo<Source, T>(record, before ? moved : old);
  putTo(base, done ? moved : old);
  return done;
}
