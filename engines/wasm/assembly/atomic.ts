// Exclusives and atomics. On one processor acquire and release order nothing that is not ordered already. Each function
// answers false if the instruction stops.

import { isAligned, isBase } from "./check";
import { readable, storeBoth, storeTo } from "./memory";
import { giveReservation, reserve, takeReservation } from "./monitor";
import { part, put, putTo, xd, xm, xn } from "./operands";
import { Atomic, RM, RN } from "./ops";
import { REGS } from "../layout";

/** Any register, as 64 bits. */
// @ts-ignore: decorator
@inline
function x(register: u32): u64 {
  return load<u64>(<usize>register << 3, REGS);
}

// @ts-ignore: decorator
@inline
export function loadExclusive<Source, T>(record: usize): bool {
  const bytes: u32 = sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, false)) return false;
  const place = readable<Source>(address, bytes);
  if (place == 0) return false;
  reserve(address, bytes);
  put(record, <u64>load<T>(place));
  return true;
}

// @ts-ignore: decorator
@inline
export function storeExclusive<Source, T>(record: usize): bool {
  const bytes: u32 = sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, true)) return false;
  const succeeds = takeReservation(address, bytes);
  if (succeeds && !storeTo<Source, T>(address, <T>xd(record))) {
    giveReservation(address, bytes);
    return false;
  }
  putTo(load<u8>(record, RM), succeeds ? 0 : 1);
  return true;
}

/** Two words are one doubleword, two doublewords lie in one aligned block of 16 bytes. */
export function loadExclusivePair<Source, T>(record: usize): bool {
  const bytes: u32 = 2 * sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, false)) return false;
  const place = readable<Source>(address, bytes);
  if (place == 0) return false;
  reserve(address, bytes);
  const second = <u64>load<T>(place + sizeof<T>());
  put(record, <u64>load<T>(place));
  putTo(part(record, 0), second);
  return true;
}

export function storeExclusivePair<Source, T>(record: usize): bool {
  const bytes: u32 = 2 * sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, true)) return false;
  const succeeds = takeReservation(address, bytes);
  if (succeeds && !storeBoth<Source, T>(address, <T>xd(record), <T>x(part(record, 0)))) {
    giveReservation(address, bytes);
    return false;
  }
  putTo(load<u8>(record, RM), succeeds ? 0 : 1);
  return true;
}

/** @param S as `T`, with a sign */
// @ts-ignore: decorator
@inline
function combine<T, S>(which: u32, old: T, operand: T): T {
  switch (which) {
    case Atomic.ADD:
      return <T>(old + operand);
    case Atomic.CLEAR:
      return <T>(old & ~operand);
    case Atomic.EOR:
      return <T>(old ^ operand);
    case Atomic.SET:
      return <T>(old | operand);
    case Atomic.SMAX:
      return <S>old > <S>operand ? old : operand;
    case Atomic.SMIN:
      return <S>old < <S>operand ? old : operand;
    case Atomic.UMAX:
      return old > operand ? old : operand;
    case Atomic.UMIN:
      return old < operand ? old : operand;
    default:
      return operand;
  }
}

export function atomic<Source, T, S>(record: usize): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, sizeof<T>(), true)) return false;
  const place = readable<Source>(address, sizeof<T>());
  if (place == 0) return false;
  const old = load<T>(place);
  if (!storeTo<Source, T>(address, combine<T, S>(part(record, 0), old, <T>xm(record)))) return false;
  put(record, <u64>old);
  return true;
}

/** Memory is written either way, so that it must be writable even if the comparison fails. */
export function compareAndSwap<Source, T>(record: usize): bool {
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, sizeof<T>(), true)) return false;
  const place = readable<Source>(address, sizeof<T>());
  if (place == 0) return false;
  const old = load<T>(place);
  if (!storeTo<Source, T>(address, old == <T>xm(record) ? <T>xd(record) : old)) return false;
  putTo(part(record, 0), <u64>old);
  return true;
}

/** The register after the last one is the zero register, and what is written to it is lost. */
export function compareAndSwapPair<Source, T>(record: usize): bool {
  const bytes: u32 = 2 * sizeof<T>();
  if (!isBase(load<u8>(record, RN))) return false;
  const address = xn(record);
  if (!isAligned(address, bytes, true)) return false;
  const place = readable<Source>(address, bytes);
  if (place == 0) return false;
  const first = load<T>(place);
  const second = load<T>(place + sizeof<T>());
  const compared: u32 = load<u8>(record, RM);
  const swaps = first == <T>x(compared) && second == <T>x(compared + 1);
  const stored: u32 = part(record, 1);
  if (!storeBoth<Source, T>(address, swaps ? <T>x(stored) : first, swaps ? <T>x(stored + 1) : second)) return false;
  putTo(compared, <u64>first);
  putTo(part(record, 0), <u64>second);
  return true;
}
