// Constants into registers, in as few words as the kernel's JIT takes, or for addresses always in three.

import { movk, movn, movz } from "../a64/move-wide.js";
import type { Is64, Reg } from "../a64/registers.js";
import type { WordSink } from "./emitter.js";

/** A signed 32-bit value, sign-extended for `is64`, zero-extended otherwise. One or two words. */
export function movImm(e: WordSink, is64: Is64, rd: Reg, value: number): void {
  const high = (value >>> 16) & 0xffff;
  const low = value & 0xffff;
  if (high >= 0x8000) {
    if (high === 0xffff) {
      e.emit(movn(is64, rd, ~low & 0xffff, 0));
      return;
    }
    e.emit(movn(is64, rd, ~high & 0xffff, 16));
    if (low !== 0xffff) e.emit(movk(is64, rd, low, 0));
    return;
  }
  e.emit(movz(is64, rd, low, 0));
  if (high !== 0) e.emit(movk(is64, rd, high, 16));
}

const chunk = (high: number, low: number, index: number): number =>
  ((index < 2 ? low : high) >>> ((index & 1) << 4)) & 0xffff;

/** How many of the four chunks are not `filler`. */
const others = (high: number, low: number, filler: number): number =>
  (chunk(high, low, 0) === filler ? 0 : 1) +
  (chunk(high, low, 1) === filler ? 0 : 1) +
  (chunk(high, low, 2) === filler ? 0 : 1) +
  (chunk(high, low, 3) === filler ? 0 : 1);

/** A 64-bit value from two halves, in 32 bits each, signed or not. One to four words. */
export function movImm64(e: WordSink, rd: Reg, high: number, low: number): void {
  if (high === 0) {
    movImm(e, 0, rd, low);
    return;
  }
  const inverse = others(high, low, 0xffff) < others(high, low, 0);
  const filler = inverse ? 0xffff : 0;
  let index = 3;
  while (index > 0 && chunk(high, low, index) === filler) index--;
  const first = chunk(high, low, index);
  e.emit(inverse ? movn(1, rd, ~first & 0xffff, index * 16) : movz(1, rd, first, index * 16));
  for (index--; index >= 0; index--) {
    const next = chunk(high, low, index);
    if (next !== filler) e.emit(movk(1, rd, next, index * 16));
  }
}

/** A kernel address from its low 48 bits: three words, whatever the value, so that it can change between rounds. */
export function movAddress(e: WordSink, rd: Reg, high: number, low: number): void {
  e.emit(movn(1, rd, ~low & 0xffff, 0));
  e.emit(movk(1, rd, (low >>> 16) & 0xffff, 16));
  e.emit(movk(1, rd, high & 0xffff, 32));
}

/** Upper and lower part of an address of 48 bits, as `movAddress` takes them. */
export const upper = (va: number): number => Math.floor(va / 2 ** 32);
export const lower = (va: number): number => va % 2 ** 32;
