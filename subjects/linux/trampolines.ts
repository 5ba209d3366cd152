// Trampolines of a kernel image: its own size, memory and code of them, and its own poke of patch sites, called as
// kernel/bpf/trampoline.c does.

import { trampFrame } from "../../impl/trampoline/frame.js";
import type { RoAddr, RwAddr, Va } from "../../machine/address.js";
import { assert } from "../../spec/assert.js";
import { NotModelled } from "../not-modelled.js";
import {
  type EnterExit,
  type Errno,
  type Halves,
  PROG_ENTRIES,
  type ProgEntry,
  type SkipPlace,
  type SubjectKernel,
  type SubjectTrampolines,
  type TrampImage,
  type TrampImageResult,
  type TrampolineEnv,
  type TrampolineView,
  type TrampRequest,
  trampFlags,
} from "../subject.js";
import { patchSiteWord } from "../subject-trampolines.js";
import type { BootedKernel } from "./booted-kernel.js";
import { errnoOf } from "./packs-view.js";
import { kernelPointer } from "./placed-kernel.js";
import { vaOfPointer } from "./structs.js";
import { TextSymbols } from "./text-symbols.js";
import { callNamed, reachable, trampMemoryOf, trampolinesOf } from "./tramp-memory.js";
import { TrampSkips } from "./tramp-skips.js";
import { TrampStructs } from "./tramp-structs.js";

/** What of a kernel its trampolines are made with. */
type TrampKernel = BootedKernel & Pick<SubjectKernel, "env" | "modmem">;

/** What the kernel's functions around programs are called, behind `__bpf_prog_enter` and `__bpf_prog_exit`. */
const ENTRY_SUFFIX: Readonly<Record<ProgEntry, string>> = {
  plain: "",
  sleepable: "_sleepable",
  recur: "_recur",
  sleepableRecur: "_sleepable_recur",
  lsmCgroup: "_lsm_cgroup",
};
/** Of pointers into the kernel's half, the upper 16 bits. */
const KERNEL_SHIFT = 48n;
const KERNEL_HALF = 0xffffn;
const ENOMEM = 12;
const E2BIG = 7;
const ENOTSUPP = 524;
/** enum bpf_text_poke_type where it is given once, and where each address has its own. */
const POKE = { call: 0, jump: 1 };
const POKE_EACH = { nop: 0, call: 1, jump: 2 };
/** Programs on one trampoline, of all kinds. */
const MOST_LINKS = 38;

export class LinuxTrampolines implements SubjectTrampolines {
  readonly symbols = new TextSymbols();
  readonly env: TrampolineEnv;
  readonly pokeOffset: number;
  private structs: TrampStructs | undefined;
  private madeSkips: TrampSkips | undefined;

  /** @param text where callers would have the functions that this image does not have */
  constructor(
    private readonly kernel: TrampKernel,
    text: Pick<TrampolineEnv, "original" | "prog">,
  ) {
    const { image } = kernel;
    const pair = (names: string, otherwise: EnterExit, suffix = ""): EnterExit => ({
      enter: image.address(`${names}_enter${suffix}`) ?? otherwise.enter,
      exit: image.address(`${names}_exit${suffix}`) ?? otherwise.exit,
    });
    const prog = Object.fromEntries(
      PROG_ENTRIES.map((entry) => [entry, pair("__bpf_prog", text.prog[entry], ENTRY_SUFFIX[entry])]),
    );
    const original = pair("__bpf_tramp", text.original);
    const { bti, changes, dummyTramp, quirks } = kernel.env;
    this.env = { bti, changes, dummyTramp, quirks, original, prog: prog as TrampolineEnv["prog"] };
    this.pokeOffset = patchSiteWord(kernel.env);
    kernel.lookup = (va) => this.symbols.lookup(va);
  }

  get skipsEach(): boolean {
    return this.made.im.has("skips");
  }

  private get skips(): TrampSkips | undefined {
    if (this.skipsEach) this.madeSkips ??= new TrampSkips(this.kernel, this.made.im);
    return this.madeSkips;
  }

  get insnsiOffset(): number {
    return this.made.insnsiOffset;
  }

  get isUnsized(): boolean {
    return trampolinesOf(this.kernel.image) === "in pages";
  }

  archBpfTrampolineSize(request: TrampRequest) {
    if (this.isUnsized) return { ok: true as const, bytes: this.kernel.machine.pageBytes };
    return this.made.during(request, (m, tlinks) =>
      countOf(
        callNamed(this.kernel, "arch_bpf_trampoline_size", {
          m: kernelPointer(m),
          flags: TrampStructs.flags(request.flags, request.links.structOps),
          tlinks: kernelPointer(tlinks),
          func_addr: kernelPointer(request.func),
        }),
      ),
    );
  }

  archAllocBpfTrampoline(bytes: number): RoAddr | undefined {
    return trampMemoryOf(this.kernel).alloc(bytes);
  }

  archProtectBpfTrampoline(image: RoAddr, bytes: number): Errno {
    return trampMemoryOf(this.kernel).protect(image, bytes);
  }

  archFreeBpfTrampoline(image: RoAddr, bytes: number): void {
    trampMemoryOf(this.kernel).free(image, bytes);
  }

  archPrepareBpfTrampoline(im: Halves, image: RoAddr, imageEnd: RoAddr, request: TrampRequest) {
    const record = (BigInt(im.high >>> 0) << 32n) | BigInt(im.low >>> 0);
    const isStored = request.flags.callOrig || this.skipsEach;
    const last = record + BigInt(this.made.im.bytes) - 1n;
    if (isStored && (record >> KERNEL_SHIFT !== KERNEL_HALF || last >> KERNEL_SHIFT !== KERNEL_HALF)) {
      throw new NotModelled("a record that is no kernel address: a kernel image stores into it");
    }
    const structs = this.made;
    const unmap = reachable(this.kernel, vaOfPointer(record), isStored ? structs.im.bytes : 0);
    try {
      this.skips?.clear(vaOfPointer(record));
      const prepared = structs.during(request, (m, tlinks) =>
        countOf(
          callNamed(this.kernel, "arch_prepare_bpf_trampoline", {
            im: record,
            ro_image: kernelPointer(image),
            ro_image_end: kernelPointer(imageEnd),
            m: kernelPointer(m),
            flags: TrampStructs.flags(request.flags, request.links.structOps),
            tlinks: kernelPointer(tlinks),
            func_addr: kernelPointer(request.func),
          }),
        ),
      );
      const place = (name: string): RoAddr | undefined =>
        prepared.ok && request.flags.callOrig && structs.im.has(name)
          ? (structs.im.pointer(vaOfPointer(record), name) as RoAddr | undefined)
          : undefined;
      return { ipAfterCall: place("ip_after_call"), ipEpilogue: place("ip_epilogue"), ...prepared };
    } finally {
      unmap();
    }
  }

  /** Frames are laid out as in the profile: a kernel that has others disagrees with what is seen of the stack. */
  frameBytes(nregs: number, flags: TrampRequest["flags"]): number {
    return trampFrame(nregs, flags).bytes;
  }

  /** @source linux v6.12 kernel/bpf/trampoline.c, bpf_trampoline_update(), bpf_tramp_image_alloc() */
  bpfTrampImageMake(request: TrampRequest): TrampImageResult {
    const { fentry, fmodRet, fexit } = request.links;
    if (fentry.length + fmodRet.length + fexit.length > MOST_LINKS) return { ok: false, error: -E2BIG as Errno };
    const size = this.archBpfTrampolineSize(request);
    if (!size.ok) return size;
    if (size.bytes > this.kernel.machine.pageBytes) return { ok: false, error: -E2BIG as Errno };
    const im = this.allocImage(size.bytes, fentry.length + fmodRet.length + fexit.length);
    if (!im.ok) return im;
    const { record, image } = im.im;
    const halved = { high: Number(kernelPointer(record) >> 32n), low: Number(kernelPointer(record) & 0xffff_ffffn) };
    const { ipAfterCall, ipEpilogue, ...prepared } = this.archPrepareBpfTrampoline(
      halved,
      image,
      (image + size.bytes) as RoAddr,
      request,
    );
    const error = prepared.ok ? this.archProtectBpfTrampoline(image, size.bytes) : prepared.error;
    // The kernel's own symbol is the whole page: what lies behind the code is never flushed, and never run.
    if (prepared.ok && this.isUnsized) this.symbols.add({ start: image, bytes: prepared.bytes });
    if (error === 0) return { ok: true, im: { ...im.im, ipAfterCall, ipEpilogue } };
    this.bpfTrampImageFree(im.im);
    return { ok: false, error };
  }

  skipPlaces({ record }: TrampImage): readonly SkipPlace[] {
    return this.skips?.places(record) ?? [];
  }

  /** @source linux v7.2 kernel/bpf/trampoline.c, bpf_trampoline_remove_prog() */
  passOver({ place, target }: SkipPlace): Errno {
    const { cpu } = this.kernel;
    const error = errnoOf(cpu.call("arch_bpf_trampoline_skip", kernelPointer(place), kernelPointer(target)));
    if (error !== 0) this.kernel.warn(`removal of a program: ${error}`);
    return error;
  }

  bpfTrampImagePut({ ipAfterCall, ipEpilogue }: TrampImage): void {
    if (ipAfterCall === undefined) return;
    const error = this.bpfArchTextPoke(ipAfterCall, "jump", undefined, ipEpilogue);
    if (error !== 0) this.kernel.warn(`release of a trampoline: ${error}`);
  }

  bpfTrampImageFree({ image, size, record }: TrampImage): void {
    assert(this.symbols.lookup(image)?.start === image, () => `trampoline 0x${image.toString(16)} is freed twice`);
    this.symbols.remove(image);
    this.archFreeBpfTrampoline(image, size);
    this.kernel.cpu.call("bpf_jit_uncharge_modmem", size);
    this.skips?.gone(record);
    this.kernel.machine.kvfree(record);
  }

  bpfTrampolineUpdate(tr: TrampolineView, request: TrampRequest | undefined): Errno {
    const made = request && this.bpfTrampImageMake(request);
    if (made !== undefined && !made.ok) return made.error;
    const [before, after] = [tr.curImage, made?.im];
    const error = this.bpfArchTextPoke(tr.func, "call", before?.image, after?.image);
    if (error !== 0) {
      if (after !== undefined) this.bpfTrampImageFree(after);
      return error;
    }
    tr.curImage = after;
    if (before !== undefined) {
      this.bpfTrampImagePut(before);
      // Nobody is in it any more: the kernel waits for that before the free.
      this.bpfTrampImageFree(before);
    }
    return 0 as Errno;
  }

  bpfArchTextPoke(
    ip: RoAddr,
    type: keyof typeof POKE,
    oldAddr: RoAddr | undefined,
    newAddr: RoAddr | undefined,
  ): Errno {
    const each = (va: Va | undefined): number => (va === undefined ? POKE_EACH.nop : POKE_EACH[type]);
    const x0 = callNamed(this.kernel, "bpf_arch_text_poke", {
      ip: kernelPointer(ip),
      poke_type: POKE[type],
      old_t: each(oldAddr),
      new_t: each(newAddr),
      old_addr: kernelPointer(oldAddr),
      new_addr: kernelPointer(newAddr),
    });
    return errnoOf(x0);
  }

  private get made(): TrampStructs {
    this.structs ??= new TrampStructs(this.kernel);
    return this.structs;
  }

  private allocImage(bytes: number, programs: number): TrampImageResult {
    const { kernel } = this;
    const record: RwAddr | undefined = kernel.machine.kvmalloc(this.skips?.recordBytes(programs) ?? this.made.im.bytes);
    if (record === undefined) return { ok: false, error: -ENOMEM as Errno };
    kernel.machine.heapBytes(record).fill(0);
    this.skips?.made(record);
    const error = kernel.modmem.bpfJitChargeModmem(bytes);
    const image = error === 0 ? this.archAllocBpfTrampoline(bytes) : undefined;
    if (image === undefined) {
      if (error === 0) kernel.cpu.call("bpf_jit_uncharge_modmem", bytes);
      this.skips?.gone(record);
      kernel.machine.kvfree(record);
      return { ok: false, error: error === 0 ? (-ENOMEM as Errno) : error };
    }
    this.symbols.add({ start: image, bytes });
    return { ok: true, im: { record, image, size: bytes, ipAfterCall: undefined, ipEpilogue: undefined } };
  }
}

const NOWHERE: EnterExit = { enter: 0, exit: 0 };
const NO_TEXT = {
  original: NOWHERE,
  prog: Object.fromEntries(PROG_ENTRIES.map((entry) => [entry, NOWHERE])) as TrampolineEnv["prog"],
};
const NOTHING_ATTACHED = { fentry: [], fmodRet: [], fexit: [], structOps: false };

/** Whether a function may have a struct as argument: the first versions refuse it. Their code is asked, on a kernel that is thrown away. */
export function passesStructs(kernel: TrampKernel): boolean {
  const trampolines = new LinuxTrampolines(kernel, NO_TEXT);
  if (!trampolines.isUnsized) return true;
  const [args, links] = [[{ bytes: 8, isStruct: true }], NOTHING_ATTACHED];
  const made = trampolines.bpfTrampImageMake({ args, func: 0, links, flags: trampFlags(links) });
  return made.ok || made.error !== (-ENOTSUPP as Errno);
}

/** A count of bytes in a C int, or an error. */
function countOf(x0: bigint): { ok: true; bytes: number } | { ok: false; error: Errno } {
  const value = errnoOf(x0);
  return value < 0 ? { ok: false, error: value } : { ok: true, bytes: value };
}
