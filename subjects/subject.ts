// What is under test, behind one interface: a kernel that compiles BPF, keeps the code in read-only memory, patches it and
// gives it back. Everything above sees this and never which subject it is. `impl/` drives our own code; how code is run
// at all is written once, in `run/`, for every subject.

import type { Random } from "fast-check";
import type { Trap } from "../engines/engine.js";
import type { Errno } from "../impl/errno.js";
import type { Compiled, Place } from "../impl/jit/compile.js";
import type { JitEnv } from "../impl/jit/env.js";
import type { JitError } from "../impl/jit/error.js";
import type { Frame } from "../impl/jit/frame.js";
import type { JitFunction } from "../impl/jit/function.js";
import type { PackKernel } from "../impl/pack/binary-pack.js";
import { describeLoadError as describeKernelError, type LoadError as KernelError } from "../impl/program/bpf-prog.js";
import type { Fixup } from "../impl/program/fixup-exception.js";
import type { ImageMemoryName } from "../impl/program/image-memory.js";
import type { QuirkId } from "../impl/quirks.js";
import type { TrampolineEnv } from "../impl/trampoline/env.js";
import type { Version } from "../impl/versions.js";
import type { RoAddr, Va } from "../machine/address.js";
import { Machine, type MachineOptions } from "../machine/machine.js";
import type { SubjectTrampolines } from "./subject-trampolines.js";

// The vocabulary of the interface: what a verifier hands to a JIT, and what the kernel answers.
export type { Errno } from "../impl/errno.js";
export type { Compiled, CompiledImage } from "../impl/jit/compile.js";
export { DEFAULT_ENV, envWith, type JitEnv, LINUX_6_12, linuxEnv, profileEnv } from "../impl/jit/env.js";
export { describe, type JitError } from "../impl/jit/error.js";
export type { Halves, JitFunction } from "../impl/jit/function.js";
export { slotOfWord } from "../impl/jit/passes.js";
export type { ImageMemoryName } from "../impl/program/image-memory.js";
export { isProfile, PROFILES, type ProfileName, QUIRKS, type QuirkId, type Quirks } from "../impl/quirks.js";
export type { TrampRequest } from "../impl/trampoline/arch-trampoline.js";
export { type EnterExit, PROG_ENTRIES, type ProgEntry, type TrampolineEnv } from "../impl/trampoline/env.js";
export {
  btfFuncModelNregs,
  type FuncArg,
  type TrampFlags,
  type TrampLink,
  type TrampLinks,
  trampFlags,
} from "../impl/trampoline/links.js";
export type { TrampImage, TrampImageResult } from "../impl/trampoline/tramp-image.js";
export type { RewrittenFunction } from "../impl/verifier/rewritten.js";
export { VERSIONS, type Version } from "../impl/versions.js";
export type { SkipPlace, SubjectTrampolines, TrampolineView } from "./subject-trampolines.js";

/** Why a program was not loaded: the kernel's reason, or what the subject lacks. */
export type LoadError =
  | KernelError
  | { readonly kind: "missing"; readonly what: string }
  /** In the words of a kernel that is not ours. */
  | { readonly kind: "notCompiled"; readonly why: string };

/** One line for people. */
export function describeLoadError(error: LoadError): string {
  if (error.kind === "missing") return `the subject lacks ${error.what}`;
  return error.kind === "notCompiled" ? `the kernel does not compile it: ${error.why}` : describeKernelError(error);
}

export interface Subject {
  /** As `--subject` takes it. */
  readonly name: string;
  /** Oracles that say nothing of this subject, and why. They are counted and printed, never skipped in silence. */
  readonly mute: ReadonlyMap<string, string>;
  /** Names of kinds of cases that it could play none of, and why: they are named once, and not drawn. */
  readonly untried?: ReadonlyMap<string, string>;
  /** Known defects of Linux that it was found to have: they are named, and judged past. */
  readonly known?: ReadonlySet<QuirkId>;
  /** No helper's body stands in place of its call. */
  readonly lacksInlining?: boolean;
  /** What its kernel was built with, where that is not as in ours: who runs its code must know. */
  readonly build?: KernelBuild;
  /** The listed version that it is of: `impl` in that profile makes the same bytes. Absent where nobody has compared. */
  readonly profile?: Version;
  /** It emits the code of every listed version, each under a name of its own. */
  readonly hasProfiles?: true;
  /** Other code than `impl` makes in that profile is a failure, and not only a difference that is counted. */
  readonly isExact?: boolean;
  /** The same kernel, loaded where this text of it is; undefined if that is not text of it, or if it cannot lie there. */
  elsewhere?(text: Pick<KernelBuild, "callBase" | "dummyTramp">): Subject | undefined;
  /** A machine that it can boot on, where that is not any. */
  machine?(options: MachineOptions): Machine;
  /** Ids of the instruction forms that its JIT takes, found out by trying each once; absent where it takes all. */
  forms?(): ReadonlySet<string>;
  /** Whether functions with attached programs may have structs as arguments; absent where they may. */
  passesStructs?(): boolean;
  /** What a history must say of its kernel to be run; absent where it may say anything. */
  readonly fixed?: {
    readonly pageBytes: 4096 | 16384 | 65536;
    readonly images: ImageMemoryName;
    readonly packBytes: number;
  };
  boot(options: BootOptions): SubjectKernel;
  /** Code under test that this thread has executed, on the machines that it still has; absent where nobody knows. */
  executed?(): readonly ExecutedCode[];
  /** Into plain buffers at chosen addresses, without an allocator. `functions[0]` is the main program. */
  compile(functions: readonly JitFunction[], env: JitEnv, place: Place): Compiled;
  /** Bytes of the function's image, or why it is refused; undefined where nobody knows before it is compiled. */
  imageBytes(fn: JitFunction, env: JitEnv): number | JitError | undefined;
  /** What the prologue of the function saves, and the size of its BPF stack. */
  frameOf(fn: JitFunction): Pick<Frame, "pushed" | "stackBytes">;
  /** Number of the A64 register that holds a BPF register; 11 is the one that blinding uses. */
  registerOf(bpf: number): number;
  /** Words of a main program's prologue that a tail call passes over. */
  prologueOffset(env: JitEnv): number;
  /** Directed cases that are about this subject alone: its tables, its words. */
  readonly checks: readonly DirectedCase[];
  /** Where it has encoders that can be called by themselves: each through the edges of its operands, that many times. */
  encoders?(source: Pick<Random, "nextInt">, sweeps: number): Generator<EncoderCheck, undefined>;
}

/** A function of the subject, and 1 for each of its words that was executed. */
export interface ExecutedCode {
  readonly name: string;
  readonly words: Uint8Array;
}

/**
 * Addresses of kernel text that compiled code refers to, and offsets in structures that it reads; whether it has landing pads
 * and signs return addresses, where that is settled; and that it has no single-instruction atomics, whatever the CPU.
 */
export type KernelBuild = Pick<JitEnv, "callBase" | "dummyTramp" | "offsets" | "changes"> &
  Partial<Pick<JitEnv, "bti" | "pac" | "lse">>;

/** A kernel image brings its own text, and a machine that has it. */
export const hasOwnText = ({ machine }: Pick<Subject, "machine">): boolean => machine !== undefined;

/** A machine that the subject can boot on. */
export const machineFor = (subject: Pick<Subject, "machine">, options: MachineOptions = {}): Machine =>
  subject.machine?.(options) ?? new Machine(options);

/** A limit of encodings, allocator or calling convention, too special for random programs: each is tried once. */
export interface DirectedCase {
  readonly name: string;
  /** Known defects that it shows. */
  readonly shows?: readonly QuirkId[];
  /** The known defects of a built kernel that it finds, by what it says then: nothing cheaper looks for them. */
  readonly finds?: readonly { readonly quirk: QuirkId; readonly what: RegExp }[];
  /** What is wrong, in one line; undefined if nothing is. */
  check(subject: Subject): string | undefined;
}

/** Operands that were asked of one encoder. */
export interface EncoderCheck {
  readonly name: string;
  /** Undefined if the encoder answered as it must. */
  readonly mismatch: Mismatch | undefined;
  /** The same mismatch with the plainest operands that still have it. */
  plainest(): Mismatch;
}
export interface Mismatch {
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

export interface BootOptions {
  readonly machine: Machine;
  readonly env?: JitEnv;
  /** Where an image starts in its hole: a number below the given one. */
  readonly random: PackKernel["random"];
  /** Bytes of JITed code that unprivileged loaders may reach. */
  readonly limit?: number;
  readonly bpfCapable?: boolean;
  /** NUMA nodes. */
  readonly nodes?: number;
  readonly packBytes?: number;
  readonly images?: ImageMemoryName;
}

/** One function of a loaded program (kernel: `struct bpf_prog`). */
export interface FunctionView {
  /** What was compiled: with its constants blinded, once that was done. */
  readonly fn: JitFunction;
  /** Blinded: index of an instruction -> slot that it was made from. */
  readonly origin: Int32Array | undefined;
  readonly jited: boolean;
  readonly bpfFunc: RoAddr | undefined;
  /** Bytes, without the literal and the exception table. */
  readonly jitedLen: number;
  /** Word offset of each BPF slot, and of the epilogue at the end. */
  readonly offsets: Int32Array;
  /** Address and number of the exception entries. */
  readonly extable: RoAddr | undefined;
  readonly entries: number;
  /** The private stack that the subject has made for it, where it makes them itself. */
  readonly privateStack?: Va | undefined;
  /** What one round left for the next; undefined when the last one is done. */
  readonly jitData: unknown;
}
export interface LoadedProgram {
  /** Where to enter: the image of function 0. */
  readonly bpfFunc: RoAddr;
  readonly functions: readonly FunctionView[];
}
export type LoadResult =
  | { readonly ok: true; readonly program: LoadedProgram }
  /** `index`: the function that failed. `functions`: all of them, as the failure left them. */
  | ({ readonly ok: false; readonly index: number; readonly error: LoadError } & Pick<LoadedProgram, "functions">);

/** One pack, for oracles: `bitmap` has a bit for each chunk of 64 bytes. */
interface PackView {
  readonly base: RoAddr;
  readonly bitmap: { readonly count: number; isSet(position: number, chunks: number): boolean };
}
export interface PacksView {
  readonly packBytes: number;
  /** In list order. */
  readonly packs: readonly PackView[];
  packOf(ptr: RoAddr): PackView | undefined;
  bpfProgPackAlloc(bytes: number): RoAddr | undefined;
  bpfProgPackFree(ptr: RoAddr, bytes: number): void;
}
/** The total of JITed code, against the limit of unprivileged loaders. */
interface ModmemView {
  readonly current: number;
  readonly limit: number;
  readonly bpfCapable: boolean;
  bpfJitChargeModmem(bytes: number): Errno;
}

/** A kernel that is up. The machine has its event log, its failures and its CPUs. */
export interface SubjectKernel {
  readonly machine: Machine;
  /** May change between loads. */
  env: JitEnv;
  /** Blind constants with these random numbers (kernel: `bpf_jit_harden`). */
  blinding: (() => number) | undefined;
  readonly packs: PacksView;
  readonly modmem: ModmemView;
  /** By address, what runs in place of called code that the machine does not have. @param helpers of the runs to come */
  traps?(helpers: ReadonlyMap<Va, Trap>): ReadonlyMap<Va, Trap>;
  /** While kernel code asks the machine for something: the function that asks and its callers, as a kernel prints them. */
  where?(): string | undefined;
  /** From now on: of each word of text, where the function was that made it, as above. Slow. */
  noteEmissions?(): (va: Va) => string | undefined;
  /** Its own code holds one of its locks, which the machine may not know of yet or any more. */
  holdsLock?(): boolean;
  /** Pages that it has mapped for what its programs have on each CPU. Absent: it maps none. */
  readonly perCpuPages?: number;
  /** What the kernel would have printed a warning about. */
  readonly warnings: readonly string[];
  /** Compile and publish, with each pass; `functions[0]` is the main program. */
  loadProgram(functions: readonly JitFunction[]): LoadResult;
  freeProgram(program: LoadedProgram): void;
  /** Bytes between the code of a function and its exception table; default: those of the literal of a long jump. */
  readonly literalBytes?: number;
  /** Bytes of an entry of that table; default: those with a type. */
  readonly entryBytes?: number;
  /** Bytes of the region that begins with that header; absent where the header's first word says so. */
  regionBytes?(header: Va): number;
  /** The exception entry for an access of these functions; undefined if a fault there is an oops. */
  fixupException(functions: readonly FunctionView[], pc: Va): Fixup | undefined;
  /** Trampolines that call these kernel functions. */
  trampolines(text: Pick<TrampolineEnv, "original" | "prog">): SubjectTrampolines;
  // Text patching, by the kernel's names. An address that is not a multiple of 4 gives undefined or an error.
  aarch64InsnCopy(dst: RoAddr, src: Va, bytes: number): RoAddr | undefined;
  aarch64InsnSet(dst: RoAddr, insn: number, bytes: number): RoAddr | undefined;
  aarch64InsnPatchTextNosync(addr: RoAddr, insn: number): Errno;
  bpfArchTextCopy(dst: RoAddr, src: Va, bytes: number): Errno;
  bpfArchTextInvalidate(dst: RoAddr, bytes: number): Errno;
  aarch64InsnPatchText(patches: readonly { readonly addr: RoAddr; readonly insn: number }[]): Errno;
}
