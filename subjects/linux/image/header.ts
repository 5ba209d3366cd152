// The header of an arm64 `Image`: 64 bytes that boot loaders read. Source: Documentation/arch/arm64/booting.rst.

import { Malformed } from "../../../spec/malformed.js";

const MAGIC_AT = 0x38;
const MAGIC = 0x644d_5241;
const HEADER_BYTES = 64;
const PAGE_BYTES = [undefined, 4096, 16384, 65536] as const;
/** No kernel is as large; what it takes in memory comes out of a header that anybody may have written. */
const MOST_IMAGE_BYTES = 1 << 30;

export interface ImageHeader {
  readonly pageBytes: 4096 | 16384 | 65536;
  /** What the kernel takes in memory, with what is zero when it starts. */
  readonly imageBytes: number;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const isImage = (bytes: Uint8Array): boolean =>
  bytes.length >= HEADER_BYTES && viewOf(bytes).getUint32(MAGIC_AT, true) === MAGIC;

/** @throws Malformed */
export function readHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  const flags = view.getUint32(0x18, true);
  if ((flags & 1) !== 0) throw new Malformed("a little-endian kernel", "a big-endian one");
  const pageBytes = PAGE_BYTES[(flags >>> 1) & 3];
  if (pageBytes === undefined) throw new Malformed("a page size in the flags of the header", "none");
  const size = view.getBigUint64(0x10, true);
  if (size === 0n || size > BigInt(MOST_IMAGE_BYTES)) {
    throw new Malformed(`an image of 1 to ${MOST_IMAGE_BYTES} bytes by its header`, `${size}`);
  }
  checkSections(bytes, view);
  return { pageBytes, imageBytes: Math.max(Number(size), bytes.length) };
}

/** The header is also one of an EFI program, whose sections say how long the file must be. */
function checkSections(bytes: Uint8Array, view: DataView): void {
  const at = view.getUint32(0x3c, true);
  if (at === 0 || at + 24 > bytes.length || view.getUint32(at, true) !== 0x4550) return;
  const count = view.getUint16(at + 6, true);
  const first = at + 24 + view.getUint16(at + 20, true);
  for (let i = 0; i < count; i++) {
    const section = first + 40 * i;
    const end =
      section + 40 <= bytes.length ? view.getUint32(section + 16, true) + view.getUint32(section + 20, true) : 0;
    if (section + 40 > bytes.length || end > bytes.length) {
      throw new Malformed(
        `an image of at least ${Math.max(end, section + 40)} bytes by its header`,
        `${bytes.length}: it is cut short`,
      );
    }
  }
}
