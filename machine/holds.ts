// Whether memory holds certain bytes, compared where they lie: to copy them takes longer.

import { Buffer } from "node:buffer";
import type { Va } from "./address.js";
import type { Machine } from "./machine.js";

/** Bytes that are compared sooner one by one. */
const SHORT = 256;

/** Whatever the permissions. @returns false where nothing is mapped, too */
export function holds(machine: Machine, va: Va, expected: Uint8Array): boolean {
  const { pageBytes } = machine;
  for (let done = 0; done < expected.length; ) {
    const from = (va + done) % pageBytes;
    const piece = Math.min(expected.length - done, pageBytes - from);
    const bytes = machine.mapping(va + done)?.frame.bytes;
    if (bytes === undefined || !isSame(bytes, from, expected, done, piece)) return false;
    done += piece;
  }
  return true;
}

/** Whether so many bytes of both are the same, from these places on. */
export function isSame(a: Uint8Array, from: number, b: Uint8Array, other: number, bytes: number): boolean {
  if (bytes > SHORT) return Buffer.compare(a.subarray(from, from + bytes), b.subarray(other, other + bytes)) === 0;
  for (let i = 0; i < bytes; i++) if (a[from + i] !== b[other + i]) return false;
  return true;
}
