// Loads and stores of one register or two. Each function answers false if the instruction stops; nothing has changed
// then but, at most, the first half of a pair in memory.

import { isBase, readable, storeTo } from "./memory";
import { imm, part, put, putTo, xd, xm, xn } from "./operands";
import { Extension, RM, RN } from "./ops";

/** Base and immediate, or base and index. */
// @ts-ignore: decorator
@inline
function addressOf(record: usize, indexed: bool): u64 {
  if (!indexed) return xn(record) + imm(record);
  let index = xm(record);
  const extension = part(record, 0);
  if (extension != Extension.WHOLE) index = extension == Extension.UXTW ? <u64><u32>index : <u64><i64><i32>index;
  return xn(record) + (index << part(record, 1));
}

/** Load a `T` and widen it, by its sign to an `R`, then with zeroes. @returns false if the instruction stops. */
// @ts-ignore: decorator
@inline
export function loadAs<T, R>(record: usize, indexed: bool): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  const place = readable(addressOf(record, indexed), sizeof<T>());
  if (place == 0) return false;
  put(record, <u64><R>load<T>(place));
  return true;
}

/** @returns false if the instruction stops. */
// @ts-ignore: decorator
@inline
export function storeAs<T>(record: usize, indexed: bool): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  return storeTo<T>(addressOf(record, indexed), <T>xd(record));
}

// @ts-ignore: decorator
@inline
export function loadLiteral<T>(record: usize, pc: u64): bool {
  const place = readable(pc + imm(record), sizeof<T>());
  if (place == 0) return false;
  put(record, <u64>load<T>(place));
  return true;
}

/** @returns false if the instruction stops. */
export function loadPair(record: usize, address: u64): bool {
  const low = readable(address, 8);
  if (low == 0) return false;
  const first = load<u64>(low);
  const high = readable(address + 8, 8);
  if (high == 0) return false;
  put(record, first);
  putTo(load<u8>(record, RM), load<u64>(high));
  return true;
}

/** @returns false if the instruction stops; the first half may have been stored. */
export function storePair(record: usize, address: u64): bool {
  return storeTo<u64>(address, xd(record)) && storeTo<u64>(address + 8, xm(record));
}

/** A pair with write-back. A push is judged by the frame that it makes, a pop by the one that it leaves. */
export function movingPair(record: usize, loads: bool, before: bool): bool {
  const base = load<u8>(record, RN);
  if (!isBase(base)) return false;
  const old = xn(record);
  const moved = old + imm(record);
  if (before) putTo(base, moved);
  const address = before ? moved : old;
  const done = loads ? loadPair(record, address) : storePair(record, address);
  putTo(base, done ? moved : old);
  return done;
}
