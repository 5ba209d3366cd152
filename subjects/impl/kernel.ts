// The subject `impl` as a kernel that is up: our packs, our JIT, our text poke and our trampolines, behind the names that
// every subject has.

import type { Errno } from "../../impl/errno.js";
import type { Halves, JitFunction } from "../../impl/jit/function.js";
import { bpfArchTextCopy, bpfArchTextInvalidate } from "../../impl/patching/arch-text.js";
import { aarch64InsnPatchText, type Patch } from "../../impl/patching/patch-text.js";
import { aarch64InsnCopy, aarch64InsnPatchTextNosync, aarch64InsnSet } from "../../impl/patching/text-poke.js";
import type { BpfProg } from "../../impl/program/bpf-prog.js";
import { type Fixup, fixupException } from "../../impl/program/fixup-exception.js";
import { Kernel } from "../../impl/program/kernel.js";
import { freeProgram, type LoadedProgram as ImplProgram, loadProgram } from "../../impl/program/load.js";
import { bpfArchTextPoke, pokeOffset } from "../../impl/trampoline/arch-text-poke.js";
import { archBpfTrampolineSize, type TrampPlaces, type TrampRequest } from "../../impl/trampoline/arch-trampoline.js";
import type { PokeType } from "../../impl/trampoline/branch.js";
import type { TrampolineEnv } from "../../impl/trampoline/env.js";
import { trampFrame } from "../../impl/trampoline/frame.js";
import { BpfSymbols } from "../../impl/trampoline/symbols.js";
import {
  bpfTrampImageFree,
  bpfTrampImageMake,
  bpfTrampImagePut,
  type TrampImage,
  type TrampKernel,
} from "../../impl/trampoline/tramp-image.js";
import { TRAMP_MEMORY } from "../../impl/trampoline/tramp-memory.js";
import { bpfTrampolineUpdate } from "../../impl/trampoline/trampoline.js";
import type { RoAddr, Va } from "../../machine/address.js";
import type {
  FunctionView,
  LoadedProgram,
  LoadResult,
  SubjectKernel,
  SubjectTrampolines,
  TrampolineView,
} from "../subject.js";

export class ImplKernel extends Kernel implements SubjectKernel {
  loadProgram(functions: readonly JitFunction[]): LoadResult {
    return loadProgram(this, functions);
  }
  freeProgram(program: LoadedProgram): void {
    // Whoever has a program has it from `loadProgram`.
    freeProgram(this, program as ImplProgram);
  }
  fixupException(functions: readonly FunctionView[], pc: Va): Fixup | undefined {
    return fixupException(this, functions as readonly BpfProg[], pc);
  }
  trampolines(text: Pick<TrampolineEnv, "original" | "prog">): SubjectTrampolines {
    return new ImplTrampolines(this, text);
  }
  aarch64InsnCopy(dst: RoAddr, src: Va, bytes: number): RoAddr | undefined {
    return aarch64InsnCopy(this.machine, dst, src, bytes, this.quirks.copyFaultIgnored);
  }
  aarch64InsnSet(dst: RoAddr, insn: number, bytes: number): RoAddr | undefined {
    return aarch64InsnSet(this.machine, dst, insn, bytes);
  }
  aarch64InsnPatchTextNosync(addr: RoAddr, insn: number): Errno {
    return aarch64InsnPatchTextNosync(this.machine, addr, insn);
  }
  bpfArchTextCopy(dst: RoAddr, src: Va, bytes: number): Errno {
    return bpfArchTextCopy(this.machine, dst, src, bytes, this.quirks.copyFaultIgnored);
  }
  bpfArchTextInvalidate(dst: RoAddr, bytes: number): Errno {
    return bpfArchTextInvalidate(this.machine, dst, bytes);
  }
  aarch64InsnPatchText(patches: readonly Patch[]): Errno {
    return aarch64InsnPatchText(this.machine, patches);
  }
}

/** In the versions of the profile. */
const INSNSI_OFFSET = 72;

class ImplTrampolines implements SubjectTrampolines {
  readonly symbols = new BpfSymbols();
  readonly insnsiOffset = INSNSI_OFFSET;
  readonly env: TrampolineEnv;
  private readonly kernel: TrampKernel;

  constructor(
    { machine, env, packs, modmem, imageMemory, warnings }: Kernel,
    text: Pick<TrampolineEnv, "original" | "prog">,
  ) {
    const { bti, changes, dummyTramp, quirks } = env;
    this.env = { bti, changes, dummyTramp, quirks, original: text.original, prog: text.prog };
    const memory = TRAMP_MEMORY[imageMemory];
    this.kernel = { machine, env: this.env, packs, modmem, memory, warnings, symbols: this.symbols };
  }
  get skipsEach(): boolean {
    return this.env.changes.trampolineSkips;
  }
  get pokeOffset(): number {
    return pokeOffset(this.env);
  }
  archBpfTrampolineSize(request: TrampRequest) {
    return archBpfTrampolineSize(this.env, request);
  }
  archAllocBpfTrampoline(bytes: number): RoAddr | undefined {
    return this.kernel.memory.alloc(this.kernel.packs, bytes);
  }
  archProtectBpfTrampoline(image: RoAddr): Errno {
    return this.kernel.memory.protect(this.kernel.machine, image);
  }
  archFreeBpfTrampoline(image: RoAddr, bytes: number): void {
    this.kernel.memory.free(this.kernel.packs, image, bytes);
  }
  archPrepareBpfTrampoline(im: Halves, image: RoAddr, imageEnd: RoAddr, request: TrampRequest) {
    const places: TrampPlaces = { ipAfterCall: undefined, ipEpilogue: undefined };
    const prepared = this.kernel.memory.prepare(this.kernel.machine, this.env, im, places, image, imageEnd, request);
    return { ipAfterCall: places.ipAfterCall, ipEpilogue: places.ipEpilogue, ...prepared };
  }
  frameBytes(nregs: number, flags: TrampRequest["flags"]): number {
    return trampFrame(nregs, flags).bytes;
  }
  bpfTrampImageMake(request: TrampRequest) {
    return bpfTrampImageMake(this.kernel, request);
  }
  bpfTrampImagePut(im: TrampImage): void {
    bpfTrampImagePut(this.kernel, im);
  }
  bpfTrampImageFree(im: TrampImage): void {
    bpfTrampImageFree(this.kernel, im);
  }
  bpfTrampolineUpdate(tr: TrampolineView, request: TrampRequest | undefined): Errno {
    return bpfTrampolineUpdate(this.kernel, tr, request);
  }
  bpfArchTextPoke(ip: RoAddr, type: PokeType, oldAddr: RoAddr | undefined, newAddr: RoAddr | undefined): Errno {
    return bpfArchTextPoke(this.kernel, ip, type, oldAddr, newAddr);
  }
}
