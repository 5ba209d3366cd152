// A trampoline's image: how large, where, and the build into it. Trampolines lie in the same packs as programs, without a
// header, and are written as programs are: in a buffer, then with one copy of the whole. Before the packs: `tramp-memory.ts`.

import type { RoAddr } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { EINVAL, ENOMEM, ENOTSUPP, type Errno } from "../errno.js";
import type { Halves } from "../jit/function.js";
import type { ProgPacks } from "../pack/prog-pack.js";
import { AARCH64_BREAK_FAULT, bpfArchTextCopy } from "../patching/arch-text.js";
import { flushIcacheRange } from "../patching/icache.js";
import { TrampEmitter } from "./emitter.js";
import type { TrampolineEnv } from "./env.js";
import { btfFuncModelNregs, calcArgAux, type FuncArg, type TrampFlags, type TrampLinks } from "./links.js";
import { prepareTrampoline, type TrampMarks, type TrampPlan } from "./prepare-trampoline.js";

/** Words of arguments: those in registers, and since 6.16 those on the stack. */
const MOST_NREGS = 8;
const MOST_WORDS = 12;
export function isTraceable({ changes }: Pick<TrampolineEnv, "changes">, { args, links }: TrampRequest): boolean {
  if (!changes.sessions && links.fentry.some(({ session }) => session !== undefined)) return false;
  if (btfFuncModelNregs(args) > (changes.stackWords ? MOST_WORDS : MOST_NREGS)) return false;
  return (
    changes.stackStructs || !args.some((arg, i) => arg.isStruct && calcArgAux(args.slice(0, i + 1)).stack.length > 0)
  );
}

/** One trampoline to make. */
export interface TrampRequest {
  readonly args: readonly FuncArg[];
  readonly flags: TrampFlags;
  readonly links: TrampLinks;
  /** The function that is traced; low 48 bits. */
  readonly func: number;
}

/** Where the two places that a release needs have come to lie; kernel: in `struct bpf_tramp_image`. */
export interface TrampPlaces {
  ipAfterCall: RoAddr | undefined;
  ipEpilogue: RoAddr | undefined;
}

/** `bytes`: what the code takes, no more than was asked for. */
export type Prepared = { readonly ok: true; readonly bytes: number } | { readonly ok: false; readonly error: Errno };

/**
 * Bytes to ask for: the most that a build may take.
 *
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, arch_bpf_trampoline_size()
 */
export function archBpfTrampolineSize(env: TrampolineEnv, request: TrampRequest): Prepared {
  if (!isTraceable(env, request)) return { ok: false, error: -ENOTSUPP };
  const e = new TrampEmitter(undefined);
  prepareTrampoline(e, planOf(env, request, { high: 0, low: 0 }));
  return { ok: true, bytes: e.words * 4 };
}

/** Undefined out of memory, with nothing changed. Holds illegal instructions. */
export const archAllocBpfTrampoline = (packs: ProgPacks, bytes: number): RoAddr | undefined =>
  packs.bpfProgPackAlloc(bytes);

/** Text is never writable, so there is nothing to protect. */
export const archProtectBpfTrampoline = (): Errno => 0;

export const archFreeBpfTrampoline = (packs: ProgPacks, image: RoAddr, bytes: number): void =>
  packs.bpfProgPackFree(image, bytes);

/**
 * Build a trampoline at [image, imageEnd). What the code does not take of it stays illegal instructions.
 *
 * @param im address of the trampoline's record
 * @param places set if the build went well
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, arch_prepare_bpf_trampoline()
 */
export function archPrepareBpfTrampoline(
  machine: Machine,
  env: TrampolineEnv,
  im: Halves,
  places: TrampPlaces,
  image: RoAddr,
  imageEnd: RoAddr,
  request: TrampRequest,
): Prepared {
  const bytes = imageEnd - image;
  const buffer = machine.kvmalloc(bytes);
  if (buffer === undefined) return { ok: false, error: -ENOMEM };
  if (!isTraceable(env, request)) {
    if (!env.quirks.trampolineRefusalLeak) machine.kvfree(buffer);
    return { ok: false, error: -ENOTSUPP };
  }
  machine.fill32(buffer, AARCH64_BREAK_FAULT, bytes);
  const written = machine.heapBytes(buffer);
  const e = new TrampEmitter({
    image: new Uint32Array(written.buffer, written.byteOffset, Math.floor(bytes / 4)),
    roImage: image,
  });
  const marks = prepareTrampoline(e, planOf(env, request, im));
  const error = e.hasFill() ? -EINVAL : bpfArchTextCopy(machine, image, buffer, bytes, env.quirks.copyFaultIgnored);
  machine.kvfree(buffer);
  if (error !== 0) return { ok: false, error };
  if (env.quirks.secondFlush) flushIcacheRange(machine, image, imageEnd);
  setPlaces(places, image, marks);
  return { ok: true, bytes: 4 * e.words };
}

export function setPlaces(places: TrampPlaces, image: RoAddr, { afterCall, epilogue }: TrampMarks): void {
  const at = (word: number | undefined): RoAddr | undefined =>
    word === undefined ? undefined : ((image + 4 * word) as RoAddr);
  places.ipAfterCall = at(afterCall);
  places.ipEpilogue = at(epilogue);
}

/** @param im address of the trampoline's record */
export function planOf(env: TrampolineEnv, { args, links, flags, func }: TrampRequest, im: Halves): TrampPlan {
  return { env, links, flags, func, args: calcArgAux(args), im };
}
