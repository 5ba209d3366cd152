// From functions as a verifier hands them over to a program that is loaded, and back: all steps are calls of the kernel's
// own functions, in the order in which the rest of the kernel makes them.

import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { ROWS, rowById } from "../../spec/bpf/isa.js";
import { MISSING_ARGUMENTS, missingForm } from "../lone-form.js";
import { scratchOf } from "../lowering.js";
import { NotModelled } from "../not-modelled.js";
import type { JitEnv, JitFunction, KernelBuild, LoadError, LoadedProgram, LoadResult } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { askJitBlinding } from "./jit-call.js";
import { kernelPointer } from "./placed-kernel.js";
import { LinuxFunction, Programs } from "./programs.js";
import { jitSubprogsOf, Subprograms } from "./subprograms.js";
import { newerIn, SHORT_ADDRESS, TriedForms, unmixedIn } from "./tried-forms.js";

const PLAIN: JitFunction = { insns: [insn(rowById("exit"))], index: 0, stackDepth: 0 };

/** A kernel in which programs are loaded. */
type Loading = BootedKernel & { readonly env: JitEnv };

/** Of a program with several functions: what the kernel runs, and how many objects it has made for it. */
interface Whole {
  readonly main: LinuxFunction;
  readonly functions: readonly LinuxFunction[];
  readonly objects: number;
}
interface Failed {
  readonly index: number;
  readonly error: LoadError;
}

export class Loads {
  readonly tried: TriedForms;
  private readonly programs: Programs;
  private readonly subprograms: Subprograms | undefined;
  private readonly wholes = new WeakMap<LinuxFunction, Whole>();
  /** Failures that were to come when the load in progress began: where none of them has, a refusal is the JIT's own. */
  private planned = 0;
  /** Calls of the JIT in the load in progress. */
  private compiled = 0;
  /** Functions of the load in progress. */
  private loading: readonly JitFunction[] = [];
  /** Objects that loads and frees which are done have made, less those that they gave back. */
  private settled = 0;
  private readonly offsets = new Map<Va, Int32Array<ArrayBuffer>>();

  constructor(
    private readonly kernel: Loading,
    private readonly build: KernelBuild,
    /** Ids of the instruction forms that the image's JIT takes; undefined in a kernel in which that is found out. */
    private readonly forms: (() => ReadonlySet<string>) | undefined,
  ) {
    this.programs = new Programs(kernel);
    const name = jitSubprogsOf(kernel.image);
    if (name !== undefined) this.subprograms = new Subprograms(kernel, this.programs, name);
    this.tried = new TriedForms(kernel.image, (insns) => this.codeOf(insns));
    kernel.onCompile = (prog) => {
      this.compiled++;
      kernel.privateStacks.wanted = this.programs.privateStackOf(prog, this.loading);
      this.kernel.beforeCompile?.(this.compiled - 1);
    };
    kernel.onOffsets = (prog, offsets) => {
      this.offsets.set(prog, this.offsetsAt(offsets - 4, this.programs.prog.number(prog, "len")));
    };
  }

  load(functions: readonly JitFunction[]): LoadResult {
    const { privateStacks } = this.kernel;
    const before = privateStacks.count;
    const result = this.settling(() => this.loadAll(functions));
    const isLost = !result.ok && privateStacks.count > before;
    if (isLost) this.kernel.warn("a private stack outlives a load that was refused");
    return result;
  }

  /** Objects of the loads and frees in progress: another CPU's that came in between count no more. */
  private get objects(): number {
    return this.kernel.arena.objects - this.settled;
  }

  private settling<T>(perform: () => T): T {
    const before = this.objects;
    try {
      return perform();
    } finally {
      this.settled += this.objects - before;
    }
  }

  private loadAll(functions: readonly JitFunction[]): LoadResult {
    const { kernel } = this;
    const isBlind = kernel.blinding !== undefined;
    const newer = newerIn(kernel.image, functions) ?? unmixedIn(kernel.image, functions);
    if (newer !== undefined) return { ok: false, index: 0, error: { kind: "missing", what: newer }, functions: [] };
    kernel.overLimit = false;
    this.planned = kernel.machine.failures.pending;
    kernel.messages.length = 0;
    this.compiled = 0;
    this.loading = functions;
    this.offsets.clear();
    if (functions.length > 1 && this.subprograms !== undefined) {
      return this.loadWhole(this.subprograms, functions, isBlind);
    }
    const isPart = functions.length > 1;
    const options = { blind: isBlind, modulesBase: kernel.env.modulesBase };
    const made = functions.map((fn) => this.programs.make(fn, isPart, options));
    const failed = this.compileAll(made) ?? (isPart ? this.secondRound(made) : undefined);
    if (failed === undefined) {
      for (const fn of made) this.list(fn);
      return { ok: true, program: { bpfFunc: made[0]!.bpfFunc!, functions: made } };
    }
    for (const fn of made) this.give(fn, isPart);
    return { ok: false, ...failed, functions: made };
  }

  free(program: LoadedProgram): void {
    this.settling(() => this.freeAll(program));
  }

  private freeAll({ functions }: LoadedProgram): void {
    // Whoever has a program has it from `load`.
    for (const fn of functions as readonly LinuxFunction[]) {
      const whole = this.wholes.get(fn);
      if (whole === undefined) this.give(fn, true);
      else if (whole.functions[0] === fn) this.freeWhole(whole);
    }
  }

  /** A program that stays, so that there is a pack. */
  loadPlain(): LoadResult {
    return this.load([PLAIN]);
  }

  /** Ids of the instruction forms that this kernel's JIT takes: not of those that it asks the rest of the kernel about. */
  formsTaken(): ReadonlySet<string> {
    // A new one is filled word by word. Of a kernel that crashes nobody knows; what is tried then says so.
    const kept = this.orCrash(() => this.loadPlain());
    if (kept === undefined) return new Set(ROWS.map(({ id }) => id));
    const taken = this.tried.taken();
    if (kept.ok) this.free(kept.program);
    return taken;
  }

  private orCrash<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (error instanceof KernelFault) return undefined;
      throw error;
    }
  }

  /** Words of the prologue of a program that uses no register. */
  plainPrologue(): Uint32Array {
    const loaded = this.orCrash(() => this.loadPlain());
    if (loaded?.ok !== true) return new Uint32Array(0);
    const { bpfFunc, functions } = loaded.program;
    const code = this.kernel.machine.peek(bpfFunc, 4 * functions[0]!.offsets[0]!);
    const words = new Uint32Array(code.slice().buffer);
    this.free(loaded.program);
    return words;
  }

  /** The kernel's own way. */
  private loadWhole(subprograms: Subprograms, functions: readonly JitFunction[], blind: boolean): LoadResult {
    const { cpu } = this.kernel;
    const main = subprograms.main(functions, blind);
    const before = this.objects;
    const made = subprograms.load(functions, main);
    if (made !== undefined) {
      const objects = this.objects - before;
      for (const fn of made) {
        fn.offsets = this.offsets.get(fn.prog) ?? fn.offsets;
        if (blind) this.programs.blinded(fn, scratchOf(this.build.changes));
        fn.look();
      }
      this.list(main);
      for (const fn of made) this.wholes.set(fn, { main, functions: made, objects });
      return { ok: true, program: { bpfFunc: made[0]!.bpfFunc!, functions: made } };
    }
    cpu.call("__bpf_prog_free", kernelPointer(main.prog));
    const index = Math.max(0, this.compiled - 1) % functions.length;
    const gone = functions.map((fn) => new LinuxFunction(this.programs, fn, main.prog, main.aux));
    for (const fn of gone) fn.freed(false);
    return { ok: false, index, error: this.reason(gone[index]!), functions: gone };
  }

  private freeWhole({ main, functions, objects }: Whole): void {
    const { arena, cpu } = this.kernel;
    const before = this.objects;
    this.unlist(main);
    for (const fn of functions) this.give(fn, true);
    const list = this.programs.aux.pointer(main.aux, "func");
    if (list !== undefined) arena.free(list);
    const lost = objects - (before - this.objects);
    if (lost !== 0) this.kernel.warn(`${lost} programs or parts of them outlive a program that is freed`);
    cpu.call("__bpf_prog_free", kernelPointer(main.prog));
  }

  private compileAll(functions: readonly LinuxFunction[]): Failed | undefined {
    for (const [index, fn] of functions.entries()) {
      this.compile(fn);
      if (!fn.jited) return { index, error: this.reason(fn) };
    }
    return undefined;
  }

  /** As the verifier does: all functions know where the others are, and none may move. */
  private secondRound(functions: readonly LinuxFunction[]): Failed | undefined {
    const addresses = functions.map(({ bpfFunc }) => bpfFunc);
    const list = this.programs.link(functions, this.kernel.env.callBase);
    try {
      for (const [index, fn] of functions.entries()) {
        const before = fn.prog;
        this.compile(fn);
        if (fn.prog !== before || fn.bpfFunc !== addresses[index]) return { index, error: this.reason(fn) };
      }
      return undefined;
    } finally {
      this.kernel.arena.free(list);
    }
  }

  private compile(fn: LinuxFunction): void {
    const { kernel, programs } = this;
    const before = this.objects;
    const parts = this.environmentOf(fn);
    const prog = askJitBlinding(kernel, fn.prog, parts[0], programs.prog);
    for (const part of parts) kernel.arena.free(part);
    // Of a program whose constants are blinded either the copy lives afterwards, or what it was made from.
    const more = this.objects - before;
    if (more !== 0) kernel.warn(`${more} programs or parts of them more than before the JIT was asked`);
    programs.moved(fn, prog, scratchOf(this.build.changes));
    fn.offsets = this.offsets.get(fn.prog) ?? fn.offsets;
    fn.look();
  }

  /** Of the verifier, where the JIT asks it how many arguments the calls of a function have. */
  private environmentOf({ fn, prog }: LinuxFunction): readonly Va[] {
    if (fn.stackArguments === undefined) return [];
    if (this.subprograms === undefined) throw new NotModelled(MISSING_ARGUMENTS);
    return this.subprograms.environment([fn], prog);
  }

  /** Words from the start of the image, one for each slot and one for the epilogue. */
  private offsetsAt(va: Va, slots: number): Int32Array<ArrayBuffer> {
    const bytes = this.kernel.memory.read(va, 4 * (slots + 1));
    return new Int32Array(bytes.buffer, bytes.byteOffset, slots + 1).map((offset) => offset / 4);
  }

  private reason({ fn }: LinuxFunction): LoadError {
    const { kernel } = this;
    if (kernel.overLimit) return { kind: "noMemory", what: "image" };
    const said = kernel.messages.at(-1)?.trim();
    if (kernel.machine.failures.pending === this.planned) {
      const taken = this.forms?.();
      const row = taken && fn.insns.find((one) => !taken.has(one.row.id))?.row;
      if (row !== undefined) return { kind: "missing", what: missingForm(row) };
    }
    return { kind: "notCompiled", why: said ?? "the kernel does not say why" };
  }

  /** As text; undefined if the JIT refuses it. */
  private codeOf(insns: readonly Insn[]): string | undefined {
    const { kernel } = this;
    const options = { blind: false, modulesBase: SHORT_ADDRESS };
    const alone = this.programs.make({ insns, index: 0, stackDepth: 0 }, false, options);
    this.compile(alone);
    const { jited, bpfFunc, jitedLen } = alone;
    const code = jited ? Buffer.from(kernel.machine.peek(bpfFunc!, jitedLen)).toString("latin1") : undefined;
    this.give(alone, false);
    return code;
  }

  /** The kernel finds it by its addresses, as when one of its accesses faults. */
  private list({ prog }: LinuxFunction): void {
    this.kernel.cpu.call("bpf_prog_kallsyms_add", kernelPointer(prog));
  }
  private unlist({ prog }: LinuxFunction): void {
    this.kernel.cpu.call("bpf_prog_kallsyms_del", kernelPointer(prog));
  }

  /** Of several functions the caller throws all away, marked or not. */
  private give(fn: LinuxFunction, isPart: boolean): void {
    const { kernel } = this;
    fn.look();
    const isMarked = !isPart && fn.jited;
    this.unlist(fn);
    const stack = fn.privateStack;
    kernel.cpu.call("bpf_jit_free", kernelPointer(fn.prog));
    if (stack !== undefined && kernel.privateStacks.isLive(stack)) kernel.warn("a private stack outlives its program");
    if (kernel.arena.isLive(fn.prog)) kernel.warn("the structure of a program outlives the program");
    fn.freed(isMarked);
  }
}
