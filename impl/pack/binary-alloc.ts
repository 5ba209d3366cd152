// The allocator from before the packs: whole pages for each program, written in place and then made read-only and
// executable. Kept to compare with: same programs, same results, more pages.

import type { RoAddr, RwAddr } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import { assert } from "../../spec/assert.js";
import type { Errno } from "../errno.js";
import { AARCH64_BREAK_FAULT } from "../patching/arch-text.js";
import { flushIcacheRange } from "../patching/icache.js";
import { setMemoryRox } from "../patching/set-memory.js";
import { type BinaryPack, HEADER_BYTES, type PackKernel } from "./binary-pack.js";

/** At least that much of every allocation is neither header nor image. */
const SPARE_BYTES = 128;

/**
 * Pages for an image of `imageBytes`, starting at a random multiple of `alignment` in the first one. Until it is locked
 * it is written at the address that it will run at.
 *
 * @returns undefined over the limit or out of memory, with nothing changed.
 * @source linux v6.12 kernel/bpf/core.c, bpf_jit_binary_alloc()
 */
export function bpfJitBinaryAlloc(
  { packs, modmem, random }: PackKernel,
  imageBytes: number,
  alignment: number,
): BinaryPack | undefined {
  const { machine } = packs;
  const { pageBytes } = machine;
  const size = Math.ceil((imageBytes + HEADER_BYTES + SPARE_BYTES) / pageBytes) * pageBytes;
  if (modmem.bpfJitChargeModmem(size) !== 0) return undefined;
  const header = machine.vmalloc(size);
  if (header === undefined) {
    modmem.bpfJitUnchargeModmem(size);
    return undefined;
  }
  machine.fill32(header, AARCH64_BREAK_FAULT, size);
  machine.write32(header, size);
  const hole = Math.min(size - (imageBytes + HEADER_BYTES), pageBytes - HEADER_BYTES);
  const drawn = random(hole);
  assert(drawn >= 0 && drawn < hole, () => `the random source gave ${drawn}, expected [0, ${hole})`);
  const image = header + HEADER_BYTES + drawn - (drawn % alignment);
  return {
    roHeader: header as RoAddr,
    rwHeader: header as number as RwAddr,
    roImage: image as RoAddr,
    rwImage: image as RwAddr,
    size,
  };
}

/**
 * Publish: what was written in place becomes visible, then executable and read-only.
 *
 * @source linux v6.8 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile(); include/linux/filter.h, bpf_jit_binary_lock_ro()
 */
export function bpfJitBinaryLockRo({ packs, quirks }: PackKernel, { roHeader, size }: BinaryPack): Errno {
  const { machine } = packs;
  flushIcacheRange(machine, roHeader, roHeader + size);
  const error = setMemoryRox(machine, roHeader, size);
  if (!quirks.protectionFailureIgnored) return error;
  // The second change is made whatever became of the first.
  if (machine.mapping(roHeader)?.permission === "rw") {
    throw new KernelFault("badMapping", roHeader, "set_memory_x of a page that is writable");
  }
  return 0;
}

/** @source linux v6.12 kernel/bpf/core.c, bpf_jit_binary_free() */
export function bpfJitBinaryFree({ packs, modmem }: PackKernel, header: RoAddr): void {
  const size = packs.machine.read32(header);
  packs.machine.vfree(header);
  modmem.bpfJitUnchargeModmem(size);
}
