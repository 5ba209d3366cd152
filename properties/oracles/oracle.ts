// What an oracle is and what it may look at: one step of a history (a load, a run, a free, a poke), the machine's events
// while it ran, and everything that lives after it. Oracles only look. `index.ts` lists them; `../history/play.ts` asks
// them after every step.

import type { EngineOutcome } from "../../engines/engine.js";
import type { BpfProg, LoadError } from "../../impl/program/bpf-prog.js";
import type { Kernel } from "../../impl/program/kernel.js";
import type { LoadedProgram } from "../../impl/program/load.js";
import type { Va } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import type { FetchProblem, Machine } from "../../machine/machine.js";
import type { ReferenceAllocator } from "../../spec/pack/allocator.js";
import type { ReferenceText } from "../../spec/text/text.js";

/** A machine event; a store through the fixmap slot is told with the text address that it changes. */
export type TraceEvent =
  | MachineEvent
  | { readonly kind: "textWrite"; readonly cpu: number; readonly va: Va; readonly alias: Va; readonly bytes: number };

/** The fixmap lies above everything else that is mapped. */
export const isAlias = (va: Va): boolean => va >= 0xffff_fdbf_0000;

/** AARCH64_BREAK_FAULT, from the architecture: BRK #0x100. */
export const ILLEGAL = 0xd420_2000;

/** The memory of one function: a header of 8 bytes, a hole, the image, slack. */
export interface Region {
  readonly header: Va;
  readonly bytes: number;
  readonly image: Va;
  /** Code without the literal behind it. */
  readonly codeBytes: number;
  /** The exception table: address and entries. */
  readonly table: Va | undefined;
  readonly entries: number;
}

/** A program that was loaded and not freed. */
export interface Live {
  /** Loads are counted from 0. */
  readonly id: number;
  readonly program: LoadedProgram;
  /** By function. */
  readonly regions: readonly Region[];
  /** What it returns, says the interpreter; undefined if a run needs more than code. */
  readonly returns: bigint | undefined;
}

/** A word of a live program that was changed without telling the other CPUs. */
export interface Patch {
  readonly va: Va;
  readonly before: number;
  readonly after: number;
}

/** Everything that there is. Models (`allocator`, `text`) have already followed the step. */
export interface Scene {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly allocator: ReferenceAllocator;
  readonly text: ReferenceText;
  readonly live: ReadonlyMap<number, Live>;
  /** By address: words changed by single-instruction pokes in programs that are live. */
  readonly patches: ReadonlyMap<Va, Patch>;
  /** Images in packs, or in pages of their own as before the series. */
  readonly images: "packs" | "pages";
  /** Memory in use before the first load. */
  readonly baseline: Machine["usage"];
}

/** What must be the same after a load that failed. */
export interface Account {
  readonly usage: Machine["usage"];
  /** Bytes charged. */
  readonly charge: number;
  /** First addresses of the packs, in list order. */
  readonly packs: readonly Va[];
}

/** One program entered on one CPU. */
export interface Execution {
  readonly id: number;
  readonly cpu: number;
  /** The event of the step after which it ran; undefined for a run that is the step itself. */
  readonly at: number | undefined;
  /** Why it must not even be fetched. */
  readonly problem: FetchProblem | undefined;
  readonly outcome: EngineOutcome | undefined;
  readonly expected: bigint | undefined;
}

export type StepResult =
  /** `predicted`: where the reference puts each function's region. */
  | { readonly kind: "loaded"; readonly live: Live; readonly predicted: readonly (Va | undefined)[] }
  /** `functions`: as the kernel leaves them. `bytes`: what the load would have been charged for. */
  | {
      readonly kind: "refused";
      readonly error: LoadError;
      readonly functions: readonly BpfProg[];
      readonly bytes: number;
    }
  /** `trap`: what came of running the first freed instruction; undefined where nothing is mapped any more. */
  | { readonly kind: "freed"; readonly freed: Live; readonly trap: Execution | undefined }
  | { readonly kind: "ran" }
  | { readonly kind: "poked"; readonly live: Live; readonly patch: Patch; readonly error: number }
  /** Kernel code broke a rule of the machine, or one of its own assertions. */
  | { readonly kind: "crashed"; readonly error: Error };

export interface Step {
  readonly scene: Scene;
  readonly events: readonly TraceEvent[];
  readonly before: Account;
  readonly after: Account;
  readonly result: StepResult;
  /** Of this step, and of other CPUs while it ran. */
  readonly executions: readonly Execution[];
  /** Injected failures that struck. */
  readonly struck: number;
}

export interface Oracle {
  readonly name: string;
  /** One sentence. */
  readonly statement: string;
  /** Where the series or the kernel says so. */
  readonly source: string;
  /** After a step: one line for each breach. The cost is in proportion to what the step touched. */
  check(step: Step): readonly string[];
  /** At the end of a history: everything, whatever it costs. */
  sweep?(scene: Scene): readonly string[];
}

/** No breach. Shared, since nearly every check ends like this. */
export const PASS: readonly string[] = [];

export const hex = (va: Va): string => `0x${va.toString(16)}`;

/** The regions that a step brought into being, or did away with. */
export function touched({ result }: Step): readonly Region[] {
  if (result.kind === "loaded") return result.live.regions;
  return result.kind === "freed" ? result.freed.regions : [];
}
