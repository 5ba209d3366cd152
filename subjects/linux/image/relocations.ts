// Relocations of an image that finds its own place (CONFIG_RELOCATABLE): pointers that start up code makes. Kernels up to
// 6.12 have them as RELA entries, with zeros where the pointers will be; newer ones as RELR, with the pointers in place, so
// that at the address it was linked for such an image is as it stands. A raw image has no table of contents: RELA entries
// are told by their shape.

import type { Va } from "../../../machine/address.js";
import { type ImageWords, kernelAddress } from "./words.js";

/** R_AARCH64_RELATIVE */
const RELATIVE = 0x403;
const ENTRY_WORDS = 6;
/** Fewer in a row may be chance. */
const LEAST_IN_A_ROW = 3;

/** Index of the first entry's first word, and how many entries follow one another there. */
export type RelocationRun = readonly [first: number, count: number];

/** All runs of entries. */
export function findRelocations({ words }: ImageWords): readonly RelocationRun[] {
  const runs: RelocationRun[] = [];
  let [first, count] = [0, 0];
  const end = (): void => {
    if (count >= LEAST_IN_A_ROW) runs.push([first, count]);
  };
  for (let info = 2; info + 3 < words.length; info += 2) {
    if (words[info] !== RELATIVE || words[info + 1] !== 0) continue;
    const at = info - 2;
    if (kernelAddress(words[at]!, words[at + 1]!) === 0) continue;
    if (at !== first + ENTRY_WORDS * count) {
      end();
      [first, count] = [at, 0];
    }
    count++;
  }
  end();
  return runs;
}

/** Words of an image as it runs that are addresses in it, whoever has made them. */
export function pointersIn({ bytes, base }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly base: Va }): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, (bytes.length >>> 3) * 2);
  let pointers = 0;
  for (let at = 0; at + 1 < words.length; at += 2) {
    const va = kernelAddress(words[at]!, words[at + 1]!);
    if (va >= base && va < base + bytes.length) pointers++;
  }
  return pointers;
}

/** With fewer entries, most pointers are in a table of another sort. */
const LEAST_RELA = 1000;
export const isAllRela = ({ relocations }: { readonly relocations: { readonly count: number } }): boolean =>
  relocations.count > LEAST_RELA;

/** Where a RELR table lies: 64-bit words, from an address up to another. */
interface RelrTable {
  readonly from: Va;
  readonly to: Va;
}

/** Undefined if the image does not say. */
export function relrTable(image: { address(name: string): Va | undefined }): RelrTable | undefined {
  const [from, to] = [image.address("__pi_relr_start"), image.address("__pi_relr_end")];
  return from === undefined || to === undefined ? undefined : { from, to };
}

/**
 * Where the pointers are that such a table tells of. An even word is the address of one; an odd word says in its upper 63 bits
 * which of as many words behind are others.
 */
export function relrPlaces(bytes: Uint8Array, base: Va, { from, to }: RelrTable): readonly Va[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: Va[] = [];
  let next = 0;
  for (let at = Math.max(0, from - base); at + 8 <= Math.min(to - base, bytes.length); at += 8) {
    const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if ((low & 1) === 0) {
      next = kernelAddress(low, high);
      places.push(next);
      next += 8;
      continue;
    }
    for (let i = 1; i < 64; i++) {
      const bit = i < 32 ? (low >>> i) & 1 : (high >>> (i - 32)) & 1;
      if (bit === 1) places.push(next + 8 * (i - 1));
    }
    next += 8 * 63;
  }
  return places;
}

export interface Relocations {
  /** Index of each entry's first word. */
  readonly entries: Uint32Array;
  /** Where each pointer goes. */
  readonly places: Float64Array;
  /** What it is at the link base; 0 if that is no kernel address. */
  readonly values: Float64Array;
}

export function relocationsIn({ words }: ImageWords, runs: readonly RelocationRun[]): Relocations {
  const total = runs.reduce((sum, [, count]) => sum + count, 0);
  const [entries, places, values] = [new Uint32Array(total), new Float64Array(total), new Float64Array(total)];
  let i = 0;
  for (const [first, count] of runs) {
    for (let at = first; at < first + ENTRY_WORDS * count; at += ENTRY_WORDS, i++) {
      entries[i] = at;
      places[i] = kernelAddress(words[at]!, words[at + 1]!);
      values[i] = kernelAddress(words[at + 4]!, words[at + 5]!);
    }
  }
  return { entries, places, values };
}

/**
 * Writes the pointers of an image linked for `base`.
 *
 * @returns how many lie outside the image, in what is zero when it starts
 */
export function applyRelocations({ bytes, words, view }: ImageWords, relocations: Relocations, base: Va): number {
  let outside = 0;
  const { entries, places } = relocations;
  // Entries may lie where others write: take all values first.
  const low = entries.map((at) => words[at + 4]!);
  const high = entries.map((at) => words[at + 5]!);
  for (let i = 0; i < entries.length; i++) {
    const at = places[i]! - base;
    if (at < 0 || at + 8 > bytes.length) {
      outside++;
      continue;
    }
    view.setUint32(at, low[i]!, true);
    view.setUint32(at + 4, high[i]!, true);
  }
  return outside;
}
