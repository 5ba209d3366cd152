// Bitmask immediates: a run of ones, rotated within an element of 2, 4, 8, 16, 32 or 64 bits that repeats over the
// register. Values come as two halves of 32 bits, because JavaScript's bit operations have no more.

import type { Is64 } from "./registers.js";
import { REFUSALS } from "./word.js";

const ones32 = (x: number): number => {
  let v = x - ((x >>> 1) & 0x5555_5555);
  v = (v & 0x3333_3333) + ((v >>> 2) & 0x3333_3333);
  v = (v + (v >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(v, 0x0101_0101) >>> 24;
};

/** Trailing zeros, 32 for 0. */
const trailing = (x: number): number => (x === 0 ? 32 : 31 - Math.clz32(x & -x));

/** A run of ones that does not wrap round: adding its lowest bit leaves no bit of it. */
const isRun = (x: number): boolean => x !== 0 && ((x + (x & -x)) & x) === 0;

/** N:immr:imms (13 bits, as they lie in the word from bit 10) of an element of `bits` bits, or a refusal. */
const field = (bits: number, ones: number, lowest: number): number => {
  const n = bits === 64 ? 1 : 0;
  // imms starts with as many ones as the element is short of 64 bits, then a zero, then the run's length less one.
  const imms = ((ones - 1) | (0x3f & ~(2 * bits - 1))) & 0x3f;
  return (n << 12) | (((bits - lowest) % bits) << 6) | imms;
};

/** An element of at most 32 bits. */
function narrow(element: number, bits: number): number {
  const mask = bits === 32 ? -1 : (1 << bits) - 1;
  const ones = ones32(element);
  if (isRun(element)) return field(bits, ones, trailing(element));
  const gap = ~element & mask;
  // The run wraps round the element's end: it starts just above the gap.
  return isRun(gap) ? field(bits, ones, trailing(gap) + bits - ones) : REFUSALS.bitmask;
}

/** Whether the 64 bits are one run that does not wrap round. */
const isRun64 = (high: number, low: number): boolean =>
  low === 0
    ? isRun(high)
    : high === 0
      ? isRun(low)
      : // Both halves: the run reaches the top of the low half and begins at the bottom of the high half.
        isRun(low) && low < 0 && isRun(high) && (high & 1) === 1;

const trailing64 = (high: number, low: number): number => (low === 0 ? 32 + trailing(high) : trailing(low));

function wide(high: number, low: number): number {
  const ones = ones32(high) + ones32(low);
  if (isRun64(high, low)) return field(64, ones, trailing64(high, low));
  if (!isRun64(~high, ~low)) return REFUSALS.bitmask;
  return field(64, ones, trailing64(~high, ~low) + 64 - ones);
}

/**
 * The 13 bits N:immr:imms that stand for a value, or `REFUSALS.bitmask`. `high` and `low` are any 32-bit numbers, signed
 * or not; for `is64` 0 only `low` counts.
 */
export function bitmask(is64: Is64, high: number, low: number): number {
  const h = high | 0;
  const l = low | 0;
  if (is64 === 1 && h !== l) return wide(h, l);
  if (l === 0 || l === -1) return REFUSALS.bitmask;
  let bits = 32;
  let element = l;
  while (bits > 2) {
    const half = bits >> 1;
    const mask = (1 << half) - 1;
    if ((element & mask) !== ((element >>> half) & mask)) break;
    element &= mask;
    bits = half;
  }
  return narrow(element, bits);
}
