// The subject `linux:IMAGE` as a kernel that is up: its own JIT, allocator and text poke, called by their names in our
// machine.

import type { RoAddr, Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { scratchOf } from "../lowering.js";
import type {
  BootOptions,
  Errno,
  FunctionView,
  JitEnv,
  JitFunction,
  KernelBuild,
  LoadError,
  LoadedProgram,
  LoadResult,
  SubjectKernel,
  SubjectTrampolines,
  TrampolineEnv,
} from "../subject.js";
import { DEFAULT_ENV } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { fixupOf } from "./fixup.js";
import { KernelCpu } from "./kernel-cpu.js";
import { NotModelled, type TypedImage } from "./kernel-image.js";
import { errnoOf, LinuxModmem, LinuxPacks } from "./packs-view.js";
import { kernelPointer, type PlacedKernel, placeKernel } from "./placed-kernel.js";
import { type LinuxFunction, Programs } from "./programs.js";
import { vaOfPointer } from "./structs.js";
import { LinuxTrampolines } from "./trampolines.js";
import { newerIn, TriedForms } from "./tried-forms.js";

const DEFAULT_LIMIT = 69_267_617_742_848;
const VM_STRUCT_BYTES = 256;
const PLAIN: JitFunction = { insns: [insn(rowById("exit"))], index: 0, stackDepth: 0 };

export class LinuxKernel implements SubjectKernel, BootedKernel {
  readonly machine: Machine;
  readonly memory: BootedKernel["memory"];
  readonly arena: BootedKernel["arena"];
  readonly pages: BootedKernel["pages"];
  readonly task: Va;
  readonly vmStruct: Va;
  readonly packs: LinuxPacks;
  readonly modmem: LinuxModmem;
  readonly warnings: string[] = [];
  readonly messages: string[] = [];
  readonly writableText = new Set<Va>();
  warningText = "";
  overLimit = false;
  /** No failure was planned when the load in progress began: a refusal is the JIT's own. */
  private isUndisturbed = true;
  blinding: (() => number) | undefined;
  onOffsets: BootedKernel["onOffsets"];
  lookup: BootedKernel["lookup"];
  wanted: BootedKernel["wanted"];
  /** Called before each function's first round. */
  beforeFirstRound: ((index: number) => void) | undefined;
  private readonly placed: PlacedKernel;
  private readonly programs: Programs;
  readonly tried: TriedForms;
  private readonly cpus: KernelCpu[] = [];
  /** Asked for, and not to be had. */
  private isAtEl2 = false;
  private current: JitEnv;

  constructor(
    readonly image: TypedImage,
    private readonly build: KernelBuild,
    readonly options: BootOptions,
  ) {
    const { machine, nodes = 1, limit = DEFAULT_LIMIT, env = DEFAULT_ENV } = options;
    this.machine = machine;
    if (machine.pageBytes !== image.pageBytes) {
      throw new NotModelled(`pages of ${machine.pageBytes} bytes (the image has ${image.pageBytes})`);
    }
    this.placed = placeKernel(machine, image);
    this.memory = this.placed.memory;
    this.arena = this.placed.arena;
    this.pages = this.placed.pages;
    this.vmStruct = this.arena.alloc(VM_STRUCT_BYTES)!;
    this.task = image.address("init_task") ?? this.arena.alloc(machine.pageBytes)!;
    this.placed.setGlobals({ nodes, limit });
    this.current = env;
    this.env = env;
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      this.cpus.push(new KernelCpu(this, this.placed.cpu(cpu), this.placed.resolved, this.placed.stackTop(cpu)));
    }
    this.packs = new LinuxPacks(this, nodes);
    this.modmem = new LinuxModmem(this);
    const { packBytes = this.packs.packBytes, images } = options;
    if (images !== undefined && images !== (this.packs.packBytes > 0 ? "packs" : "pages")) {
      throw new NotModelled(images === "packs" ? "packs: each program has its own pages" : "pages for each program");
    }
    if (packBytes !== this.packs.packBytes) {
      throw new NotModelled(`packs of ${packBytes} bytes (the image has ${this.packs.packBytes})`);
    }
    this.programs = new Programs(this);
    this.tried = new TriedForms(image, (insns) => this.codeOf(insns));
    this.pages.calibrate(() => this.cpu.call("aarch64_insn_patch_text_nosync", kernelPointer(this.vmStruct), 0));
  }

  get cpu(): KernelCpu {
    return this.cpus[this.machine.cpu]!;
  }

  get env(): JitEnv {
    return this.current;
  }
  /** Of an environment, a kernel image takes what its CPU has; the rest it was built with. It runs at EL1. */
  set env(env: JitEnv) {
    const { placed } = this;
    this.isAtEl2 = env.vhe;
    this.current = { ...env, ...this.build, bti: false, vhe: false, branchHistory: undefined };
    if (placed.prepared.lse !== undefined) placed.setCapability(placed.prepared.lse, env.lse);
  }

  where(): string | undefined {
    return this.cpu.where();
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  loadProgram(functions: readonly JitFunction[]): LoadResult {
    const missing = { kind: "missing", what: "a kernel that runs at EL2 (vhe)" } as const;
    if (this.isAtEl2) return { ok: false, index: 0, error: missing, functions: [] };
    if (this.blinding !== undefined && this.image.types.parameters("bpf_int_jit_compile")?.includes("env") === true) {
      throw new NotModelled("blinding of constants, which this kernel does before its JIT is asked");
    }
    const newer = newerIn(this.image, functions);
    if (newer !== undefined) return { ok: false, index: 0, error: { kind: "missing", what: newer }, functions: [] };
    const isPart = functions.length > 1;
    const options = { blind: this.blinding !== undefined, modulesBase: this.env.modulesBase };
    const made = functions.map((fn) => this.programs.make(fn, isPart, options));
    this.overLimit = false;
    this.isUndisturbed = this.machine.failures.pending === 0;
    this.messages.length = 0;
    const failed = this.compileAll(made) ?? (isPart ? this.secondRound(made) : undefined);
    if (failed === undefined) return { ok: true, program: { bpfFunc: made[0]!.bpfFunc!, functions: made } };
    for (const fn of made) this.give(fn, isPart);
    return { ok: false, ...failed, functions: made };
  }

  freeProgram({ functions }: LoadedProgram): void {
    // Whoever has a program has it from `loadProgram`.
    for (const fn of functions as readonly LinuxFunction[]) this.give(fn, true);
  }

  /** Up to 5.15 the header counts pages. */
  regionBytes(header: Va): number {
    const said = this.machine.peek32(header);
    const countsPages = this.image.types.struct("bpf_binary_header")?.member("pages") !== undefined;
    return countsPages ? said * this.machine.pageBytes : said;
  }

  fixupException(functions: readonly FunctionView[], pc: Va) {
    return fixupOf(this, functions, pc);
  }

  trampolines(text: Pick<TrampolineEnv, "original" | "prog">): SubjectTrampolines {
    return new LinuxTrampolines(this, text);
  }

  aarch64InsnCopy(dst: RoAddr, src: Va, bytes: number): RoAddr | undefined {
    const x0 = this.cpu.call("aarch64_insn_copy", kernelPointer(dst), kernelPointer(src), bytes);
    return x0 === 0n ? undefined : (vaOfPointer(x0) as RoAddr);
  }
  aarch64InsnSet(dst: RoAddr, insn: number, bytes: number): RoAddr | undefined {
    const x0 = this.cpu.call("aarch64_insn_set", kernelPointer(dst), insn, bytes);
    return x0 === 0n ? undefined : (vaOfPointer(x0) as RoAddr);
  }
  aarch64InsnPatchTextNosync(addr: RoAddr, insn: number): Errno {
    return errnoOf(this.cpu.call("aarch64_insn_patch_text_nosync", kernelPointer(addr), insn));
  }
  bpfArchTextCopy(dst: RoAddr, src: Va, bytes: number): Errno {
    const x0 = this.cpu.call("bpf_arch_text_copy", kernelPointer(dst), kernelPointer(src), bytes);
    // A pointer, or an error as one (ERR_PTR).
    return BigInt.asIntN(64, x0) < 0n && BigInt.asIntN(64, x0) >= -4095n ? errnoOf(x0) : (0 as Errno);
  }
  bpfArchTextInvalidate(dst: RoAddr, bytes: number): Errno {
    return errnoOf(this.cpu.call("bpf_arch_text_invalidate", kernelPointer(dst), bytes));
  }
  aarch64InsnPatchText(): Errno {
    throw new NotModelled("stopping all CPUs of a kernel image is not modelled");
  }

  private compileAll(functions: readonly LinuxFunction[]): Failed | undefined {
    for (const [index, fn] of functions.entries()) {
      this.beforeFirstRound?.(index);
      this.compile(fn);
      if (!fn.jited) return { index, error: this.reason(fn) };
    }
    return undefined;
  }

  /** As the verifier does: all functions know where the others are, and none may move. */
  private secondRound(functions: readonly LinuxFunction[]): Failed | undefined {
    const addresses = functions.map(({ bpfFunc }) => bpfFunc);
    const list = this.programs.link(functions, this.env.callBase);
    try {
      for (const [index, fn] of functions.entries()) {
        const before = fn.prog;
        this.compile(fn);
        if (fn.prog !== before || fn.bpfFunc !== addresses[index]) return { index, error: this.reason(fn) };
      }
      return undefined;
    } finally {
      this.arena.free(list);
    }
  }

  private compile(fn: LinuxFunction): void {
    const { image, programs } = this;
    const position = Math.max(0, image.types.parameters("bpf_int_jit_compile")?.indexOf("prog") ?? 0);
    const args: (bigint | number)[] = [0, 0].slice(0, position);
    this.onOffsets = (_, offsets) => {
      fn.offsets = this.offsetsAt(offsets - 4, programs.prog.number(vaOfPointer(kernelPointer(_)), "len"));
    };
    const x0 = this.cpu.call("bpf_int_jit_compile", ...args, kernelPointer(fn.prog));
    this.onOffsets = undefined;
    programs.moved(fn, vaOfPointer(x0), scratchOf(this.build.changes));
    fn.look();
  }

  /** Words from the start of the image, one for each slot and one for the epilogue. */
  private offsetsAt(va: Va, slots: number): Int32Array<ArrayBuffer> {
    const bytes = this.memory.read(va, 4 * (slots + 1));
    return new Int32Array(bytes.buffer, bytes.byteOffset, slots + 1).map((offset) => offset / 4);
  }

  private reason({ fn }: LinuxFunction): LoadError {
    if (this.overLimit) return { kind: "noMemory", what: "image" };
    if (this.isUndisturbed && this.blinding === undefined) {
      const row = fn.insns.find((one) => !this.tried.isTaken(one.row))?.row;
      if (row !== undefined) return { kind: "missing", what: `the instruction form ${row.id}` };
    }
    const said = this.messages.at(-1)?.trim();
    return { kind: "notCompiled", why: said ?? "the kernel does not say why" };
  }

  /** Ids of the instruction forms that this kernel's JIT takes: not of those that it asks the rest of the kernel about. */
  formsTaken(): ReadonlySet<string> {
    // Kept loaded, so that there is a pack: a new one is filled word by word.
    const kept = this.loadProgram([PLAIN]);
    const taken = this.tried.taken();
    if (kept.ok) this.freeProgram(kept.program);
    return taken;
  }

  /** Words of the prologue of a program that uses no register. */
  plainPrologue(): Uint32Array {
    const loaded = this.loadProgram([PLAIN]);
    if (!loaded.ok) return new Uint32Array(0);
    const { bpfFunc, functions } = loaded.program;
    const words = new Uint32Array(this.machine.peek(bpfFunc, 4 * functions[0]!.offsets[0]!).slice().buffer);
    this.freeProgram(loaded.program);
    return words;
  }

  /** As text; undefined if the JIT refuses it. */
  private codeOf(insns: readonly Insn[]): string | undefined {
    const options = { blind: false, modulesBase: this.env.modulesBase };
    const alone = this.programs.make({ insns, index: 0, stackDepth: 0 }, false, options);
    this.compile(alone);
    const { jited, bpfFunc, jitedLen } = alone;
    const code = jited ? Buffer.from(this.machine.peek(bpfFunc!, jitedLen)).toString("latin1") : undefined;
    this.give(alone, false);
    return code;
  }

  /** Of several functions the caller throws all away, marked or not. */
  private give(fn: LinuxFunction, isPart: boolean): void {
    fn.look();
    const isMarked = !isPart && fn.jited;
    this.cpu.call("bpf_jit_free", kernelPointer(fn.prog));
    if (this.arena.isLive(fn.prog)) this.warn("the structure of a program outlives the program");
    fn.freed(isMarked);
  }
}

interface Failed {
  readonly index: number;
  readonly error: LoadError;
}

/** Addresses of kernel text that compiled code refers to. */
export function kernelText(image: TypedImage): { readonly callBase: Va; readonly dummyTramp: Va } {
  const callBase = image.address("__bpf_call_base");
  if (callBase === undefined) throw new NotModelled("the image has no __bpf_call_base");
  return { callBase, dummyTramp: image.address("dummy_tramp") ?? DEFAULT_ENV.dummyTramp };
}
