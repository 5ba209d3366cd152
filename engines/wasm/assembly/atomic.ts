// Exclusives and atomics. On one processor acquire and release order nothing that is not ordered already. Each function
// answers false if the instruction stops.

import { isAligned, isBase, readable, reserve, storeTo, takeReservation } from "./memory";
import { part, put, putTo, xd, xm, xn } from "./operands";
import { Atomic, RM, RN } from "./ops";

// @ts-ignore: decorator
@inline
export function loadExclusive<T>(record: usize): bool {
  const bytes: u32 = sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, false)) return false;
  const place = readable(address, bytes);
  if (place == 0) return false;
  reserve(address, bytes);
  put(record, <u64>load<T>(place));
  return true;
}

// @ts-ignore: decorator
@inline
export function storeExclusive<T>(record: usize): bool {
  const bytes: u32 = sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, true)) return false;
  const succeeds = takeReservation(address, bytes);
  if (succeeds && !storeTo<T>(address, <T>xd(record))) {
    reserve(address, bytes);
    return false;
  }
  putTo(load<u8>(record, RM), succeeds ? 0 : 1);
  return true;
}

// @ts-ignore: decorator
@inline
function combine<T>(which: u32, old: T, operand: T): T {
  switch (which) {
    case Atomic.ADD:
      return <T>(old + operand);
    case Atomic.CLEAR:
      return <T>(old & ~operand);
    case Atomic.EOR:
      return <T>(old ^ operand);
    case Atomic.SET:
      return <T>(old | operand);
    default:
      return operand;
  }
}

export function atomic<T>(record: usize): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, sizeof<T>(), true)) return false;
  const place = readable(address, sizeof<T>());
  if (place == 0) return false;
  const old = load<T>(place);
  if (!storeTo<T>(address, combine<T>(part(record, 0), old, <T>xm(record)))) return false;
  put(record, <u64>old);
  return true;
}

/** Memory is written either way, so that it must be writable even if the comparison fails. */
export function compareAndSwap<T>(record: usize): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, sizeof<T>(), true)) return false;
  const place = readable(address, sizeof<T>());
  if (place == 0) return false;
  const old = load<T>(place);
  if (!storeTo<T>(address, old == <T>xm(record) ? <T>xd(record) : old)) return false;
  putTo(part(record, 0), <u64>old);
  return true;
}
