// The contract of everything that executes A64 code: given a machine whose memory holds the code, run from an entry
// address to the return address and say what came of it. Helpers, fuel, exception fixups and the procedure call
// standard are the caller's rules, passed in; what a word does is the engine's.

import type { Va } from "../machine/address.js";
import type { Machine } from "../machine/machine.js";

/** A call out of the code. Gets x0..x4, returns x0. Throwing `TrapFault` ends the run as a fault at the call. */
export type Trap = (args: BigUint64Array) => bigint;

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
  /** x0..x4. */
  readonly args: readonly bigint[];
  /** SP at entry, 16-byte aligned. The code may touch [stackLow, stackTop) only at or above SP. */
  readonly stackTop: Va;
  readonly stackLow: Va;
  /** Instructions. */
  readonly fuel: number;
  readonly traps: ReadonlyMap<Va, Trap>;
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
  | "trap";

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

export interface Engine {
  /** As `--engine` takes it. */
  readonly name: string;
  /** `undefined` if it can run, else one sentence: what is missing and how to install it. */
  unavailable(): string | undefined;
  /** Memory that a machine's frames may be cut from (`MachineOptions.physical`) to make runs of this engine fast. */
  physical?(bytes: number): Uint8Array<ArrayBuffer>;
  run(run: EngineRun): EngineOutcome;
}
