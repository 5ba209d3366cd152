// Short arrays of numbers that live for a case or two, cut from larger pieces of memory. The engine that runs us asks the
// system for the memory of each array of more than 64 bytes, which takes a microsecond; a cut takes a tenth of that. What is
// sent to another thread is no such array: all of the piece would go with it.

const SLAB_BYTES = 1 << 16;
/** Longer arrays have memory of their own, and so have those that the engine keeps in the object itself. */
const MOST = 1 << 13;
const LEAST = 65;

let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/** Where the next `bytes` bytes of `slab` begin: a multiple of 8. */
function cut(bytes: number): number {
  const end = (used + bytes + 7) & ~7;
  if (end > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = (bytes + 7) & ~7;
    return 0;
  }
  const at = used;
  used = end;
  return at;
}

const isCut = (bytes: number): boolean => bytes >= LEAST && bytes <= MOST;

/** Zeroes. */
export function shortBytes(length: number): Uint8Array {
  if (!isCut(length)) return new Uint8Array(length);
  const at = cut(length);
  return new Uint8Array(slab, at, length);
}

/** Zeroes. */
export function shortInts(length: number): Int32Array {
  if (!isCut(4 * length)) return new Int32Array(length);
  const at = cut(4 * length);
  return new Int32Array(slab, at, length);
}

/** A copy of the bytes [from, to), which begins at a multiple of 8. */
export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const length = to - from;
  if (!isCut(length)) return bytes.slice(from, to);
  const at = cut(length);
  const copy = new Uint8Array(slab, at, length);
  copy.set(bytes.subarray(from, to));
  return copy;
}
