// Bytes of executable memory: where it does not hold what it should.

import type { Va } from "../../machine/address.js";
import { holds, isSame } from "../../machine/holds.js";
import type { Machine } from "../../machine/machine.js";
import { ILLEGAL } from "../../spec/text/text.js";

interface Difference {
  readonly va: Va;
  readonly expected: number;
  /** Undefined if the page is not mapped. */
  readonly got: number | undefined;
}

/** The first byte from `va` on that is not as expected. */
export function firstDifference(machine: Machine, va: Va, expected: Uint8Array): Difference | undefined {
  if (holds(machine, va, expected)) return undefined;
  const { pageBytes } = machine;
  for (let i = 0; i < expected.length; i++) {
    const got = machine.mapping(va + i)?.frame.bytes[(va + i) % pageBytes];
    if (got !== expected[i]) return { va: va + i, expected: expected[i]!, got };
  }
  return undefined;
}

const LARGEST_PAGE_BYTES = 65_536;
const ILLEGALS = new Uint8Array(new Uint32Array(LARGEST_PAGE_BYTES / 4).fill(ILLEGAL).buffer);

/** The first byte of [from, to), which are whole words, that is not as in the illegal instruction. */
export function firstLegal(
  machine: Machine,
  from: Va,
  to: Va,
): { readonly va: Va; readonly isMapped: boolean } | undefined {
  const { pageBytes } = machine;
  for (let page = from; page < to; page += pageBytes - (page % pageBytes)) {
    const frame = machine.mapping(page)?.frame;
    if (frame === undefined) return { va: page, isMapped: false };
    const { words, bytes } = frame;
    const first = (page % pageBytes) / 4;
    const end = Math.min(pageBytes / 4, first + (to - page) / 4);
    if (isSame(bytes, 4 * first, ILLEGALS, 0, 4 * (end - first))) continue;
    for (let i = first; i < end; i++) {
      if (words[i] === ILLEGAL) continue;
      const bits = (words[i] ?? 0) ^ ILLEGAL;
      return { va: page + 4 * (i - first) + ((31 - Math.clz32(bits & -bits)) >> 3), isMapped: true };
    }
  }
  return undefined;
}

/** Whether memory holds these words from `va` on, a multiple of 4. */
export function holdsWords(machine: Machine, va: Va, expected: Uint32Array): boolean {
  const { pageBytes } = machine;
  let words: Uint32Array | undefined;
  for (let i = 0, at = (va % pageBytes) / 4; i < expected.length; i++, at++) {
    if (i === 0 || at === pageBytes / 4) {
      at %= pageBytes / 4;
      words = machine.mapping(va + 4 * i)?.frame.words;
      if (words === undefined) return false;
    }
    if (words![at] !== expected[i]) return false;
  }
  return true;
}
