// The same image loaded elsewhere, as a kernel that chooses its own place at boot (KASLR) does it: pointers that are made at
// start, and the addresses of symbols, are so much further on.

import type { Va } from "../../../machine/address.js";
import type { TypedImage } from "../kernel-image.js";
import { findRelocations, relocationsIn } from "./relocations.js";
import { Symbols } from "./symbols.js";
import { imageWords } from "./words.js";

/** A kernel lies at a multiple of that. */
const PLACE_BYTES = 0x1_0000;

/** Undefined if a kernel cannot lie there, or if this one does not say which of its words are pointers. */
export function movedImage(image: TypedImage, distance: number): TypedImage | undefined {
  if (distance % PLACE_BYTES !== 0 || image.relocations.count === 0) return undefined;
  const copy = imageWords(image.bytes);
  const { places, values } = relocationsIn(copy, findRelocations(copy));
  const { bytes, view } = copy;
  for (const [i, place] of places.entries()) {
    const at = place - image.base;
    if (at < 0 || at + 8 > bytes.length || values[i] === 0) continue;
    view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(distance), true);
  }
  const { addresses, letters, names } = image.symbols;
  // What lies outside, such as offsets in per-CPU data, does not move with it.
  const isInside = (va: Va): boolean => va >= image.base && va <= image.base + image.imageBytes;
  const symbols = new Symbols(
    addresses.map((va) => (isInside(va) ? va + distance : va)),
    letters,
    names,
  );
  const base = image.base + distance;
  const end = base + image.imageBytes;
  return {
    ...{ ...image, base, bytes, symbols },
    address: (name) => symbols.address(name),
    symbolAt: (va) => (va < base || va >= end ? undefined : symbols.at(va)),
    functions: symbols.functions(),
  };
}
