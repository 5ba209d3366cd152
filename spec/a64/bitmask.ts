// Logical immediates: which 64-bit pattern the 13 bits N:immr:imms stand for (DecodeBitMasks in the Arm manual's shared
// pseudocode): a run of ones within an element of 2, 4 .. 64 bits, rotated right, and repeated.

import type { Width } from "./registers.js";

/** @returns the pattern in `width` bits, or undefined for a reserved combination. */
export function decodeBitmask(n: number, immr: number, imms: number, width: Width): bigint | undefined {
  if (width === 32 && n === 1) return undefined;
  // The highest set bit of N:NOT(imms) is the logarithm of the element size.
  const selector = (n << 6) | (~imms & 0x3f);
  const length = 31 - Math.clz32(selector);
  if (length < 1) return undefined;
  const size = 1 << length;
  const ones = (imms & (size - 1)) + 1;
  if (ones === size) return undefined;
  const rotation = BigInt(immr & (size - 1));
  const bits = BigInt(size);
  const run = (1n << BigInt(ones)) - 1n;
  const element = BigInt.asUintN(size, (run >> rotation) | (run << (bits - rotation)));
  let pattern = 0n;
  for (let at = 0n; at < BigInt(width); at += bits) pattern |= element << at;
  return pattern;
}
