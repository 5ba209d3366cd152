// Sums in ones' complement, as Internet checksums are made (RFC 1071, RFC 1624). 32-bit words and 16-bit checksums are in
// the byte order of the packet, read little-endian.

/** The sum of two words, with the carry added at the low end. */
function add(a: number, b: number): number {
  const sum = a + b;
  return sum > 0xffff_ffff ? (sum + 1) >>> 0 : sum >>> 0;
}

/** A sum in 16 bits. */
function folded(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** 16 bits, complemented. */
const fold = (sum: number): number => ~folded(sum) & 0xffff;

const complement = (word: number): number => ~word >>> 0;

/** The checksum after a word has changed. */
export const replaced4 = (sum: number, from: number, to: number): number =>
  fold(add(add(~sum & 0xffff, complement(from)), to));

/** After 16 bits have changed. */
export function replaced2(sum: number, from: number, to: number): number {
  const add16 = (a: number, b: number): number => ((a + b) & 0xffff) + ((a + b) >>> 16);
  return ~add16(add16(~sum & 0xffff, ~from & 0xffff), to) & 0xffff;
}

/** After a change whose difference is known (`differenceOf`). */
export const replacedByDifference = (sum: number, difference: number): number => fold(add(difference, ~sum & 0xffff));

/**
 * The words of `to` are added to a sum, and those of `from` taken away. Whole words. Bytes are summed up in 16 bits on
 * arm64, to which all 32 of the seed are added; Linux 6.13 folds those as well.
 */
export function differenceOf(from: Uint8Array, to: Uint8Array, seed: number): number {
  const words = (bytes: Uint8Array): readonly number[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  };
  return add(folded([...words(from).map(complement), ...words(to)].reduce(add, 0)), seed);
}
