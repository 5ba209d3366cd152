// The bytes of an image, as bytes and as the words that searches go through. They are a copy at an aligned place: whoever
// gave the file keeps it as it was.

import type { Va } from "../../../machine/address.js";

export interface ImageWords {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  /** Whole words of the image; a rest of less than eight bytes is not among them. */
  readonly words: Uint32Array<ArrayBuffer>;
}

export function imageWords(source: Uint8Array): ImageWords {
  const bytes = new Uint8Array(source.length);
  bytes.set(source);
  const words = new Uint32Array(bytes.buffer, 0, (bytes.length >>> 3) * 2);
  return { bytes, view: new DataView(bytes.buffer), words };
}

const KERNEL_HALF = 2 ** 47;
const TOP_16 = 0xffff_0000;

/** The kernel address that two words make, low word first; 0 if they make none. */
export function kernelAddress(low: number, high: number): Va {
  if (high >>> 0 < TOP_16) return 0;
  const va = ((high & 0xffff) >>> 0) * 2 ** 32 + (low >>> 0);
  return va >= KERNEL_HALF ? va : 0;
}

export const alignUp = (at: number, to: number): number => Math.ceil(at / to) * to;
