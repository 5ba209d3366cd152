// Where trampolines live: in the packs, or as before the packs in a page each, written in place and then made read-only and
// executable. What making and freeing one asks of either.

import type { RoAddr } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { EINVAL, ENOTSUPP, type Errno } from "../errno.js";
import type { Halves } from "../jit/function.js";
import type { ProgPacks } from "../pack/prog-pack.js";
import { AARCH64_BREAK_FAULT } from "../patching/arch-text.js";
import { flushIcacheRange } from "../patching/icache.js";
import { setMemoryRox } from "../patching/set-memory.js";
import type { ImageMemoryName } from "../program/image-memory.js";
import {
  archAllocBpfTrampoline,
  archFreeBpfTrampoline,
  archPrepareBpfTrampoline,
  archProtectBpfTrampoline,
  isTraceable,
  type Prepared,
  planOf,
  setPlaces,
  type TrampPlaces,
  type TrampRequest,
} from "./arch-trampoline.js";
import { TrampEmitter } from "./emitter.js";
import type { TrampolineEnv } from "./env.js";
import { prepareTrampoline } from "./prepare-trampoline.js";

export interface TrampMemory {
  /** Room for `bytes`, no more than a page; undefined out of memory, with nothing changed. Holds illegal instructions. */
  alloc(packs: ProgPacks, bytes: number): RoAddr | undefined;
  /** Build at [image, imageEnd). @param places set if the build went well */
  prepare(
    machine: Machine,
    env: TrampolineEnv,
    im: Halves,
    places: TrampPlaces,
    image: RoAddr,
    imageEnd: RoAddr,
    request: TrampRequest,
  ): Prepared;
  /** Make what was built runnable. */
  protect(machine: Machine, image: RoAddr): Errno;
  free(packs: ProgPacks, image: RoAddr, bytes: number): void;
}

const packs: TrampMemory = {
  alloc: archAllocBpfTrampoline,
  prepare: archPrepareBpfTrampoline,
  protect: archProtectBpfTrampoline,
  free: archFreeBpfTrampoline,
};

/**
 * The page is filled and flushed as a whole; the kernel did so up to the end of the code, and left behind it what was there.
 *
 * @source linux v6.8 kernel/bpf/trampoline.c, arch_alloc_bpf_trampoline(), arch_protect_bpf_trampoline(),
 * arch_free_bpf_trampoline(); arch/arm64/net/bpf_jit_comp.c, arch_prepare_bpf_trampoline()
 */
const pages: TrampMemory = {
  alloc({ machine }) {
    const page = machine.vmalloc(machine.pageBytes);
    if (page !== undefined) machine.fill32(page, AARCH64_BREAK_FAULT, machine.pageBytes);
    return page as RoAddr | undefined;
  },
  prepare(machine, env, im, places, image, imageEnd, request) {
    if (!isTraceable(env, request)) return { ok: false, error: -ENOTSUPP };
    const code = new Uint32Array((imageEnd - image) / 4);
    const e = new TrampEmitter({ image: code, roImage: image });
    const marks = prepareTrampoline(e, planOf(env, request, im));
    if (e.hasFill()) return { ok: false, error: -EINVAL };
    const bytes = 4 * e.words;
    machine.write(image, new Uint8Array(code.buffer, 0, bytes));
    flushIcacheRange(machine, image, image + machine.pageBytes);
    setPlaces(places, image, marks);
    return { ok: true, bytes };
  },
  protect: (machine, image) => setMemoryRox(machine, image, machine.pageBytes),
  free({ machine }, image) {
    machine.vfree(image);
  },
};

export const TRAMP_MEMORY: Readonly<Record<ImageMemoryName, TrampMemory>> = { packs, pages };
