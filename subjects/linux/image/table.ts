// A table of a kernel image between two of its symbols. Symbols, and the sizes that types say, are of a file that may be damaged.

import { Malformed } from "../../../spec/malformed.js";
import type { KernelImage } from "./image.js";

/**
 * Offsets of its entries in the bytes of the image; empty where the image does not name both ends.
 *
 * @throws Malformed if an entry has no bytes, or the image does not hold them all
 */
export function entriesOf(image: KernelImage, [from, to]: readonly [string, string], entryBytes: number): number[] {
  const [start, end] = [image.address(from), image.address(to)];
  if (start === undefined || end === undefined) return [];
  const [first, last] = [start - image.base, end - image.base];
  if (entryBytes <= 0 || first < 0 || last < first || last > image.bytes.length) {
    const expected = `a table ${from} within the ${image.bytes.length} bytes of the image, with entries of some bytes`;
    throw new Malformed(expected, `bytes ${first} to ${last}, entries of ${entryBytes}: it is damaged`);
  }
  return Array.from({ length: Math.floor((last - first) / entryBytes) }, (_, i) => first + i * entryBytes);
}

/** Of what an entry refers to. @throws Malformed if the image does not hold it all */
export function within(image: KernelImage, offset: number, bytes: number, what: string): number {
  if (offset < 0 || offset + bytes > image.bytes.length || offset % 4 !== 0) {
    throw new Malformed(`${what} within the ${image.bytes.length} bytes of the image`, `byte ${offset}: it is damaged`);
  }
  return offset;
}
