// What the JIT asks of the packs: a read-only place for header and image, and a plain writable buffer of the same shape
// to build them in. Offsets are computed against the former, bytes are written to the latter and copied once.

import type { RoAddr, RwAddr } from "../../machine/address.js";
import { assert } from "../../spec/assert.js";
import type { Errno } from "../errno.js";
import { AARCH64_BREAK_FAULT, bpfArchTextCopy } from "../patching/arch-text.js";
import type { Quirks } from "../quirks.js";
import type { Modmem } from "./modmem.js";
import { BPF_PROG_CHUNK_SIZE, type ProgPacks } from "./prog-pack.js";

/** u32 size at 0; the image begins at 8 or later. */
export const HEADER_BYTES = 8;
const SIZE_BYTES = 4;
/** At least that much of every allocation is neither header nor image. */
const SPARE_BYTES = 16;

/** A number in [0, below). */
export type RandomBelow = (below: number) => number;

export interface PackKernel {
  readonly quirks: Pick<
    Quirks,
    | "copyFaultIgnored"
    | "finalizeFailureSize"
    | "finalizeFailureCharge"
    | "imageAlignedToWord"
    | "freeLeaksBuffer"
    | "protectionFailureIgnored"
  >;
  readonly packs: ProgPacks;
  readonly modmem: Modmem;
  readonly random: RandomBelow;
}

export interface BinaryPack {
  readonly roHeader: RoAddr;
  readonly roImage: RoAddr;
  readonly rwHeader: RwAddr;
  readonly rwImage: RwAddr;
  /** Bytes of the whole region, header and slack included. */
  readonly size: number;
}

/** Bytes that an image of that length takes in a pack. */
const binaryPackSize = (imageBytes: number): number =>
  roundUp(imageBytes + HEADER_BYTES + SPARE_BYTES, BPF_PROG_CHUNK_SIZE);

/**
 * A place for an image of `imageBytes`, starting at a random multiple of `alignment` (4 or 8) in the first chunk.
 *
 * @returns undefined over the limit or out of memory, with nothing changed.
 * @source linux v6.12 kernel/bpf/core.c, bpf_jit_binary_pack_alloc()
 */
export function bpfJitBinaryPackAlloc(
  { packs, modmem, random }: PackKernel,
  imageBytes: number,
  alignment: number,
): BinaryPack | undefined {
  const { machine } = packs;
  const size = binaryPackSize(imageBytes);
  if (modmem.bpfJitChargeModmem(size) !== 0) return undefined;
  const roHeader = packs.bpfProgPackAlloc(size);
  if (roHeader === undefined) {
    modmem.bpfJitUnchargeModmem(size);
    return undefined;
  }
  const rwHeader = machine.kvmalloc(size);
  if (rwHeader === undefined) {
    packs.bpfProgPackFree(roHeader, size);
    modmem.bpfJitUnchargeModmem(size);
    return undefined;
  }
  machine.fill32(rwHeader, AARCH64_BREAK_FAULT, size);
  machine.write32(rwHeader, size);
  const hole = Math.min(size - (imageBytes + HEADER_BYTES), BPF_PROG_CHUNK_SIZE - HEADER_BYTES);
  const drawn = random(hole);
  assert(drawn >= 0 && drawn < hole, () => `the random source gave ${drawn}, expected [0, ${hole})`);
  const start = HEADER_BYTES + drawn - (drawn % alignment);
  const roImage = (roHeader + start) as RoAddr;
  const rwImage = (rwHeader + start) as RwAddr;
  return { roHeader, roImage, rwHeader, rwImage, size };
}

/**
 * Publish: one copy of the whole region into read-only memory. The writable buffer is gone afterwards in any case; if the
 * copy failed, so is the read-only place.
 *
 * @source linux v6.12 kernel/bpf/core.c, bpf_jit_binary_pack_finalize()
 */
export function bpfJitBinaryPackFinalize(kernel: PackKernel, roHeader: RoAddr, rwHeader: RwAddr): Errno {
  const { packs, modmem, quirks } = kernel;
  const { machine } = packs;
  const size = machine.read32(rwHeader);
  const error = bpfArchTextCopy(machine, roHeader, rwHeader, size, quirks.copyFaultIgnored);
  machine.kvfree(rwHeader);
  if (error !== 0) {
    packs.bpfProgPackFree(roHeader, quirks.finalizeFailureSize ? machine.read32(roHeader) : size);
    if (!quirks.finalizeFailureCharge) modmem.bpfJitUnchargeModmem(size);
  }
  return error;
}

/**
 * Give back a published image. The size is read from its read-only header.
 *
 * @source linux v6.12 kernel/bpf/core.c, bpf_jit_binary_pack_free()
 */
export function bpfJitBinaryPackFree({ packs, modmem }: PackKernel, roHeader: RoAddr): void {
  const size = packs.machine.read32(roHeader);
  packs.bpfProgPackFree(roHeader, size);
  modmem.bpfJitUnchargeModmem(size);
}

/**
 * Give back an image that was never published. Its read-only header is written first, since that is where the free looks
 * for the size; if that copy faults, the size is taken from the writable one.
 *
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile(), label out_free_hdr
 */
export function bpfJitBinaryPackDiscard(kernel: PackKernel, roHeader: RoAddr, rwHeader: RwAddr): void {
  const { packs, modmem, quirks } = kernel;
  const { machine } = packs;
  const written = machine.read32(rwHeader);
  bpfArchTextCopy(machine, roHeader, rwHeader, SIZE_BYTES, quirks.copyFaultIgnored);
  const size = quirks.finalizeFailureSize ? machine.read32(roHeader) : written;
  packs.bpfProgPackFree(roHeader, size);
  machine.kvfree(rwHeader);
  modmem.bpfJitUnchargeModmem(size);
}

/**
 * Give back an image that waits for its last round. The free reads the size in the read-only header, so the whole image is
 * published first.
 *
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_jit_free()
 */
export function bpfJitBinaryPackAbandon(kernel: PackKernel, roHeader: RoAddr, rwHeader: RwAddr): void {
  const { packs, quirks } = kernel;
  // Of Linux 6.16: the size alone, and the buffer is forgotten.
  const error = quirks.freeLeaksBuffer
    ? bpfArchTextCopy(packs.machine, roHeader, rwHeader, SIZE_BYTES, quirks.copyFaultIgnored)
    : bpfJitBinaryPackFinalize(kernel, roHeader, rwHeader);
  if (error === 0) bpfJitBinaryPackFree(kernel, roHeader);
}

/** The header of the image at that address: the start of its chunk, since an image begins within the first one. */
export const headerOf = (roImage: RoAddr): RoAddr => (roImage - (roImage % BPF_PROG_CHUNK_SIZE)) as RoAddr;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;
