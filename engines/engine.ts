// The contract of everything that executes A64 code: given a machine whose memory holds the code, run from an entry
// address to the return address and say what came of it. Helpers, fuel, exception fixups and the procedure call
// standard are the caller's rules, passed in; what a word does is the engine's. Kernel code, which has more than one entry
// and no such rules, runs on a CPU that stops and goes on.

import type { Va } from "../machine/address.js";
import type { Machine } from "../machine/machine.js";
import type { SystemRegisterName } from "../spec/a64/system-registers.js";
import type { Stops } from "./stops.js";

/** A call out of the code. Gets x0..x7 and x29, returns x0. Throwing `TrapFault` ends the run as a fault at the call. */
export type Trap = (args: BigUint64Array, framePointer: bigint) => bigint;

export class TrapFault extends Error {}

/** Where to go on after a faulting access, and which register to zero first. */
interface Fixup {
  readonly resume: Va;
  readonly clear: number | undefined;
}

export interface EngineRun {
  readonly machine: Machine;
  readonly cpu: number;
  readonly entry: Va;
  /** x0 and what follows, eight at most. */
  readonly args: readonly bigint[];
  /** SP at entry, 16-byte aligned. The code may touch [stackLow, stackTop) only at or above SP. */
  readonly stackTop: Va;
  readonly stackLow: Va;
  /** Instructions. */
  readonly fuel: number;
  readonly traps: ReadonlyMap<Va, Trap>;
  /** See `CpuOptions`. */
  readonly spuriousFailures?: number | undefined;
  readonly bti?: boolean | undefined;
  /** All zero if absent. */
  readonly system?: SystemRegisters | undefined;
  /** The exception tables of the images that run. */
  readonly fixup?: ((pc: Va) => Fixup | undefined) | undefined;
  /** Called before each instruction. */
  readonly trace?: ((state: TraceState) => void) | undefined;
}

/** What the kernel keeps in system registers: the task in SP_EL0, the per-CPU offset in one of the TPIDRs. */
interface SystemRegisters {
  readonly spEl0: bigint;
  readonly tpidrEl1: bigint;
  readonly tpidrEl2: bigint;
}

export interface TraceState {
  readonly pc: Va;
  readonly word: number;
  readonly x: BigUint64Array;
  readonly sp: bigint;
  /** N is bit 3. */
  readonly nzcv: number;
}

export type EngineFault =
  | "unknownWord"
  | "misalignedFetch"
  | "notExecutable"
  | "badRead"
  | "badWrite"
  | "outsideFrame"
  | "misalignedStack"
  | "breakpoint"
  | "trap"
  /** The CPU may see older bytes there: they were stored, and the caches were not told or it has not synchronized. */
  | "staleFetch"
  /** An indirect branch went to a word that is no landing pad for it. */
  | "branchTarget";

export type EngineOutcome =
  | { readonly kind: "returned"; readonly x0: bigint; readonly executed: number }
  | {
      readonly kind: "faulted";
      readonly pc: Va;
      readonly why: EngineFault;
      readonly detail: string;
      readonly executed: number;
    }
  /** Returned, but against AAPCS64: SP, x19..x28, FP or LR not restored. */
  | { readonly kind: "violated"; readonly rule: string; readonly executed: number }
  | { readonly kind: "outOfFuel"; readonly executed: number };

/** What a CPU holds. Addresses in `pc` are the low 48 bits; registers have all 64. */
export interface CpuState {
  /** X0..X30. */
  readonly x: BigUint64Array;
  sp: bigint;
  pc: Va;
  /** N is bit 3. */
  nzcv: number;
  /** PSTATE.BTYPE: nonzero after an indirect branch that has not landed yet. */
  btype: number;
  /** NZCV aside, which has its own place. DAIF is at bits 9..6, as MRS reads it. */
  readonly system: Record<SystemRegisterName, bigint>;
}

/** Why a CPU stopped. Registers are those before the instruction at `pc`. */
export type CpuStop =
  /** The address is one of `stops`; nothing of the instruction there is done. Resuming at once executes it. */
  | { readonly kind: "trap"; readonly pc: Va }
  | { readonly kind: "break"; readonly pc: Va; readonly imm: number }
  | {
      readonly kind: "fault";
      readonly pc: Va;
      readonly why: EngineFault;
      /** What a refused access or branch was to, or where a fetch is refused. */
      readonly address: bigint;
      readonly detail: string;
    }
  /** A word, or a system register, that the engine does not have. */
  | { readonly kind: "unknown"; readonly pc: Va; readonly word: number; readonly detail: string }
  /** As asked: the instruction before did what `pauseAfter` names. */
  | { readonly kind: "paused"; readonly pc: Va }
  | { readonly kind: "outOfFuel"; readonly pc: Va };

export interface ResumeOptions {
  /** Instructions at most; after the last one the CPU is out of fuel. */
  readonly fuel: number;
  /** `store`: also after a barrier that completes cache or TLB maintenance, and after an ISB. */
  readonly pauseAfter?: "store" | undefined;
}

/**
 * One CPU of a machine. Its stores to memory that code may come to lie in, its cache and TLB maintenance and its ISBs go
 * to the machine as the events that kernel code in TypeScript makes. Maintenance takes effect when a DSB completes it, and
 * what no DSB parts may happen in any order: invalidations first. An exclusive reservation outlives no stop but
 * `paused` and `outOfFuel`, and no other run on the same engine.
 */
export interface EngineCpu {
  readonly state: CpuState;
  resume(options: ResumeOptions): CpuStop;
  /** Instructions begun since the CPU was made. */
  readonly executed: number;
  /** For each word from `from` on, 1 if this CPU, or another of its machine with the same `stops`, has executed it. */
  executedWords(from: Va, words: number): Uint8Array;
}

export interface CpuOptions {
  readonly machine: Machine;
  readonly cpu: number;
  /** Where to stop. May change between two calls of `resume`. */
  readonly stops: Stops;
  /** Seed of the store-exclusives that fail though they could succeed (spurious.ts); without it none does. */
  readonly spuriousFailures?: number | undefined;
  /** Executable pages are guarded: indirect branches must land on a BTI, or on what stands for one. */
  readonly bti?: boolean | undefined;
}

export interface Engine {
  /** As `--engine` takes it. */
  readonly name: string;
  /** `undefined` if it can run, else one sentence: what is missing and how to install it. */
  unavailable(): string | undefined;
  /** Memory that a machine's frames may be cut from (`MachineOptions.physical`) to make runs of this engine fast. */
  physical?(bytes: number): Uint8Array<ArrayBuffer>;
  run(run: EngineRun): EngineOutcome;
  /** Absent if the engine runs programs only. Registers are zero, system registers as after reset. */
  cpu?(options: CpuOptions): EngineCpu;
}
