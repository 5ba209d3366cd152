// The same image loaded elsewhere, as a kernel that chooses its own place at boot (KASLR) does it: pointers that are made at
// start, and the addresses of symbols, are so much further on.

import type { Va } from "../../../machine/address.js";
import type { TypedImage } from "../kernel-image.js";
import { findRelocations, isAllRela, relocationsIn, relrPlaces, relrTable } from "./relocations.js";
import { Symbols } from "./symbols.js";
import { type ImageWords, imageWords } from "./words.js";

/** A kernel lies at a multiple of that. */
const PLACE_BYTES = 0x1_0000;

/** Of all pointers that start up code makes; none if it is not known of all of them where they are. */
function pointerPlaces(image: TypedImage, copy: ImageWords): readonly Va[] {
  const { places, values } = relocationsIn(copy, findRelocations(copy));
  const entries = [...places].filter((_, i) => values[i] !== 0);
  const table = relrTable(image);
  if (table !== undefined) return [...entries, ...relrPlaces(copy.bytes, image.base, table)];
  return isAllRela(image) ? entries : [];
}

/** Undefined if a kernel cannot lie there, or if this one does not say which of its words are pointers. */
export function movedImage(image: TypedImage, distance: number): TypedImage | undefined {
  if (distance % PLACE_BYTES !== 0) return undefined;
  const copy = imageWords(image.bytes);
  const places = pointerPlaces(image, copy);
  if (places.length === 0) return undefined;
  const { bytes, view } = copy;
  for (const place of places) {
    const at = place - image.base;
    if (at < 0 || at + 8 > bytes.length) continue;
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
