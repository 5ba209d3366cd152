// A trampoline as the kernel keeps it: a record on the heap and an image in the packs. It is released while CPUs may still
// be in the original function that it has called; they come back to it once more.

import { halves, type RoAddr, type RwAddr } from "../../machine/address.js";
import { assert } from "../../spec/assert.js";
import { E2BIG, ENOMEM, type Errno } from "../errno.js";
import type { Modmem } from "../pack/modmem.js";
import type { ProgPacks } from "../pack/prog-pack.js";
import { bpfArchTextPoke, type PokeKernel } from "./arch-text-poke.js";
import { archBpfTrampolineSize, type TrampPlaces, type TrampRequest } from "./arch-trampoline.js";
import type { TrampolineEnv } from "./env.js";
import type { TrampMemory } from "./tramp-memory.js";

/** Programs on one trampoline, of all kinds. */
const BPF_MAX_TRAMP_LINKS = 38;
/** Kernel: sizeof(struct bpf_tramp_image), most of which is the name of its symbol. */
const RECORD_BYTES = 680;

export interface TrampKernel extends PokeKernel {
  readonly env: TrampolineEnv;
  readonly packs: ProgPacks;
  readonly modmem: Modmem;
  readonly memory: TrampMemory;
}

export interface TrampImage extends TrampPlaces {
  readonly record: RwAddr;
  readonly image: RoAddr;
  /** Bytes of the image. */
  readonly size: number;
}
export type TrampImageResult =
  | { readonly ok: true; readonly im: TrampImage }
  | { readonly ok: false; readonly error: Errno };

/**
 * Size, memory and code of a trampoline. On failure nothing has changed.
 *
 * @returns -E2BIG for more programs than a trampoline may have, or for code that a page does not hold: the page is asked
 * before calls are known to be near, so some that would fit in the end are refused.
 * @source linux v6.12 kernel/bpf/trampoline.c, __bpf_trampoline_link_prog(), bpf_trampoline_update(),
 * bpf_tramp_image_alloc()
 */
export function bpfTrampImageMake(kernel: TrampKernel, request: TrampRequest): TrampImageResult {
  const { machine, env, memory } = kernel;
  const { fentry, fmodRet, fexit } = request.links;
  if (fentry.length + fmodRet.length + fexit.length > BPF_MAX_TRAMP_LINKS) return { ok: false, error: -E2BIG };
  const size = archBpfTrampolineSize(env, request);
  if (!size.ok) return size;
  if (size.bytes > machine.pageBytes) return { ok: false, error: -E2BIG };
  const im = bpfTrampImageAlloc(kernel, size.bytes);
  if (!im.ok) return im;
  const { record, image } = im.im;
  const end = (image + size.bytes) as RoAddr;
  const prepared = memory.prepare(machine, env, halves(record), im.im, image, end, request);
  const error = prepared.ok ? memory.protect(machine, image) : prepared.error;
  if (error === 0) return im;
  bpfTrampImageFree(kernel, im.im);
  return { ok: false, error };
}

function bpfTrampImageAlloc({ machine, packs, modmem, memory, symbols }: TrampKernel, size: number): TrampImageResult {
  const record = machine.kvmalloc(RECORD_BYTES);
  if (record === undefined) return { ok: false, error: -ENOMEM };
  const error = modmem.bpfJitChargeModmem(size);
  const image = error === 0 ? memory.alloc(packs, size) : undefined;
  if (image === undefined) {
    if (error === 0) modmem.bpfJitUnchargeModmem(size);
    machine.kvfree(record);
    return { ok: false, error: error === 0 ? -ENOMEM : error };
  }
  symbols.add({ start: image, bytes: size });
  return { ok: true, im: { record, image, size, ipAfterCall: undefined, ipEpilogue: undefined } };
}

/**
 * Nothing leads to the trampoline any more. CPUs that are in the original function pass over the fexit programs when they
 * come back; the image may be freed when the last of them has left.
 *
 * @source linux v6.12 kernel/bpf/trampoline.c, bpf_tramp_image_put()
 */
export function bpfTrampImagePut(kernel: TrampKernel, { ipAfterCall, ipEpilogue }: TrampImage): void {
  if (ipAfterCall === undefined) return;
  const error = bpfArchTextPoke(kernel, ipAfterCall, "jump", undefined, ipEpilogue);
  if (error !== 0) kernel.warnings.push(`release of a trampoline: ${error}`);
}

/** Nobody is in the trampoline any more. */
export function bpfTrampImageFree({ machine, packs, modmem, memory, symbols }: TrampKernel, im: TrampImage): void {
  assert(symbols.lookup(im.image)?.start === im.image, () => `trampoline 0x${im.image.toString(16)} is freed twice`);
  symbols.remove(im.image);
  memory.free(packs, im.image, im.size);
  modmem.bpfJitUnchargeModmem(im.size);
  machine.kvfree(im.record);
}
