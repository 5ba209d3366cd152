// Where images live: in packs, or as before in pages of their own. What compiling and freeing a program asks of either.

import type { RoAddr } from "../../machine/address.js";
import { FILL } from "../a64/word.js";
import { bpfJitBinaryAlloc, bpfJitBinaryFree, bpfJitBinaryLockRo } from "../pack/binary-alloc.js";
import {
  type BinaryPack,
  bpfJitBinaryPackAbandon,
  bpfJitBinaryPackAlloc,
  bpfJitBinaryPackDiscard,
  bpfJitBinaryPackFinalize,
  bpfJitBinaryPackFree,
  headerOf,
  type PackKernel,
} from "../pack/binary-pack.js";

/** The literal behind an image is 64 bits wide. */
const IMAGE_ALIGN = 8;
const WORD_ALIGN = 4;
const alignmentIn = ({ quirks }: PackKernel): number => (quirks.imageAlignedToWord ? WORD_ALIGN : IMAGE_ALIGN);

export interface ImagePlace extends BinaryPack {
  /** Where the passes write: the bytes that will be at `roImage`. */
  readonly image: Uint8Array;
}

export interface ImageMemory {
  /** Undefined over the limit or out of memory, with nothing changed. */
  alloc(kernel: PackKernel, imageBytes: number): ImagePlace | undefined;
  /** @returns false if it failed; then everything has been given back. */
  publish(kernel: PackKernel, place: ImagePlace): boolean;
  /** Give back what has never been published. */
  discard(kernel: PackKernel, place: ImagePlace): void;
  /** Give back a function that was compiled, but waits for its last round. */
  abandon(kernel: PackKernel, place: ImagePlace): void;
  /** Give back a published image. */
  free(kernel: PackKernel, roImage: RoAddr): void;
}

const packs: ImageMemory = {
  alloc(kernel, imageBytes) {
    const pack = bpfJitBinaryPackAlloc(kernel, imageBytes, alignmentIn(kernel));
    if (pack === undefined) return undefined;
    const { roHeader, roImage, rwHeader, rwImage, size } = pack;
    const image = kernel.packs.machine.heapBytes(rwHeader, rwImage - rwHeader, imageBytes);
    return { roHeader, roImage, rwHeader, rwImage, size, image };
  },
  publish: (kernel, { roHeader, rwHeader }) => bpfJitBinaryPackFinalize(kernel, roHeader, rwHeader) === 0,
  discard: (kernel, { roHeader, rwHeader }) => bpfJitBinaryPackDiscard(kernel, roHeader, rwHeader),
  abandon: (kernel, { roHeader, rwHeader }) => bpfJitBinaryPackAbandon(kernel, roHeader, rwHeader),
  free: (kernel, roImage) => bpfJitBinaryPackFree(kernel, headerOf(roImage)),
};

const pages: ImageMemory = {
  alloc(kernel, imageBytes) {
    const place = bpfJitBinaryAlloc(kernel, imageBytes, alignmentIn(kernel));
    return place && { image: new Uint8Array(new Uint32Array(imageBytes / 4).fill(FILL).buffer), ...place };
  },
  publish(kernel, place) {
    kernel.packs.machine.write(place.rwImage, place.image);
    if (bpfJitBinaryLockRo(kernel, place) === 0) return true;
    bpfJitBinaryFree(kernel, place.roHeader);
    return false;
  },
  discard: (kernel, { roHeader }) => bpfJitBinaryFree(kernel, roHeader),
  abandon: (kernel, { roHeader }) => bpfJitBinaryFree(kernel, roHeader),
  free: (kernel, roImage) => bpfJitBinaryFree(kernel, (roImage - (roImage % kernel.packs.machine.pageBytes)) as RoAddr),
};

export const IMAGE_MEMORY = { packs, pages } as const satisfies Record<string, ImageMemory>;
export type ImageMemoryName = keyof typeof IMAGE_MEMORY;
