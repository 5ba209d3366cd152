// The exclusive monitor of one processor: the block that the last load-exclusive marked, and which store-exclusives fail
// though they could succeed.

import { SPURIOUS, SPURIOUS_COUNT, SPURIOUS_FAILURES, SPURIOUS_PERIOD } from "../layout";

/** The block that the last load-exclusive marked; of no bytes if there is none. */
let reserved: u64 = 0;
let reservedBytes: u64 = 0;

// @ts-ignore: decorator
@inline
export function reserve(address: u64, bytes: u64): void {
  reserved = address;
  reservedBytes = bytes;
}

// @ts-ignore: decorator
@inline
export function forgetReservation(): void {
  reservedBytes = 0;
}

/** Is this very block marked, and does the store-exclusive not fail all the same? Asking ends the reservation. */
export function takeReservation(address: u64, bytes: u64): bool {
  const taken = reservedBytes == bytes && reserved == address;
  reservedBytes = 0;
  if (!taken || load<u32>(SPURIOUS) == 0) return taken;
  const count = load<u32>(SPURIOUS_COUNT);
  store<u32>(SPURIOUS_COUNT, count + 1);
  return load<u8>(SPURIOUS_FAILURES + (count & (SPURIOUS_PERIOD - 1))) == 0;
}

/** The store-exclusive that took it has stopped before its store. */
export function giveReservation(address: u64, bytes: u64): void {
  reserve(address, bytes);
  if (load<u32>(SPURIOUS) != 0) store<u32>(SPURIOUS_COUNT, load<u32>(SPURIOUS_COUNT) - 1);
}

// @ts-ignore: decorator
@inline
export function forgetIfOverlapping(address: u64, bytes: u64): void {
  if (reservedBytes != 0 && (address - reserved < reservedBytes || reserved - address < bytes)) reservedBytes = 0;
}
