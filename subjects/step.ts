// One step of a history as oracles see it: a load, a run, an attach or a free; the machine's events while it ran; and
// everything that lives after it. Whoever runs a history on a subject makes these (`session/`).

import type { EngineOutcome } from "../engines/engine.js";
import type { Va } from "../machine/address.js";
import type { MachineEvent } from "../machine/event.js";
import type { FetchProblem, Machine } from "../machine/machine.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { ReferenceAllocator } from "../spec/pack/allocator.js";
import type { ReferenceText } from "../spec/text/text.js";
import type { FunctionView, LoadError, LoadedProgram, SubjectKernel } from "./subject.js";

/** A machine event; a store through the fixmap slot is told with the text address that it changes. */
export type TraceEvent =
  | MachineEvent
  | { readonly kind: "textWrite"; readonly cpu: number; readonly va: Va; readonly alias: Va; readonly bytes: number };

/** The fixmap lies above everything else that is mapped. */
export const isAlias = (va: Va): boolean => va >= 0xffff_fdbf_0000;

/** The memory of one function: a header of 8 bytes, a hole, the image, slack. Or of one trampoline: the image, slack. */
export interface Region {
  readonly what: "function" | "trampoline";
  /** Where it begins. */
  readonly header: Va;
  readonly bytes: number;
  /** Bytes that are charged for it. */
  readonly charged: number;
  readonly image: Va;
  /** Code without the literal behind that of a function. */
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
  /** What it is called with. */
  readonly argument: bigint;
  /** What it returns, says the interpreter; undefined where whoever runs it knows. */
  readonly returns: bigint | undefined;
}

/** Expected result of a run. */
export interface Answer {
  /** Undefined if it may be anything. */
  readonly returns: bigint | undefined;
  /** What is to be seen of attached programs on the way, a line each. */
  readonly steps: readonly string[];
  /** Of a generated program: every region that counts. */
  readonly whole: Outcome | undefined;
}

/** A trampoline that the entry of a live program leads to. */
export interface Tramp {
  /** Of the program that is traced. */
  readonly id: number;
  readonly region: Region;
  /** Live programs that it calls. */
  readonly calls: readonly number[];
  /** Where its branches may lead, beside itself. */
  readonly targets: readonly Va[];
  /** Of a run of the program that is traced. */
  readonly answer: Answer;
  /** Words that a release replaces: behind the call of the original function, or before each program. */
  readonly releases: readonly Va[];
}

/** The word at the entry of a program that leads to its trampoline, before and after a step. */
export interface Patch {
  readonly id: number;
  readonly va: Va;
  /** Where the address behind the program's own long jump lies. */
  readonly literal: Va;
  readonly before: number;
  /** What it must be if there is no error. */
  readonly after: number;
  readonly error: number;
}

/** A program that is removed from a trampoline: the word before it, which leads past it from now on. */
export interface Skip extends Pick<Patch, "id" | "va" | "before" | "after" | "error"> {
  /** What stood there right after it, when so many events of the step were over. */
  readonly now: number;
  readonly until: number;
}

/** Everything that there is. Models (`allocator`, `text`) have already followed the step. */
export interface Scene {
  readonly machine: Machine;
  readonly kernel: SubjectKernel;
  readonly allocator: ReferenceAllocator;
  readonly text: ReferenceText;
  readonly live: ReadonlyMap<number, Live>;
  /** By the number of the program that is traced. */
  readonly tramps: ReadonlyMap<number, Tramp>;
  /** Of everything that lives. */
  readonly regions: ReadonlySet<Region>;
  /** Images in packs, or in pages of their own as before the series. */
  readonly images: "packs" | "pages";
  /** Memory in use before the first load. */
  readonly baseline: Machine["usage"];
  /** Memory in use now, without what runs of generated programs take. */
  readonly usage: Machine["usage"];
  /** Warnings of the kernel that had to be: of injected failures which it can but tell of. */
  readonly warned: number;
  /** No function is loaded a second time, so that nothing need be remembered of it. Default: they are, again and again. */
  readonly loadsOnce?: boolean | undefined;
}

/** What must be the same after a load that failed. */
export interface Account {
  readonly usage: Machine["usage"];
  /** Bytes charged. */
  readonly charge: number;
  /** In list order. */
  readonly packs: readonly { readonly base: Va }[];
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
  /** What was seen of attached programs on the way. */
  readonly steps: readonly string[];
  /** Of a generated program that returned: every region. */
  readonly whole: Outcome | undefined;
  /** Any of these will do: while something is attached or detached, both the old and the new. */
  readonly expected: readonly Answer[];
}

export type StepResult =
  /** `predicted`: where the reference puts each function's region. */
  | { readonly kind: "loaded"; readonly live: Live; readonly predicted: readonly (Va | undefined)[] }
  /**
   * `index`: the function that failed. `functions`: those that were asked for, as the kernel leaves them. `given`: those of
   * programs that were loaded before it and given back with it. `bytes`: what would have been charged, if known.
   */
  | {
      readonly kind: "refused";
      readonly error: LoadError;
      readonly index: number;
      readonly functions: readonly FunctionView[];
      readonly given: readonly FunctionView[];
      readonly bytes: number | undefined;
    }
  /** `trap`: what became of running the first freed instruction; undefined where nothing is mapped any more. */
  | { readonly kind: "freed"; readonly freed: Live; readonly trap: Execution | undefined }
  | { readonly kind: "ran" }
  /** `predicted`: where the reference puts the trampoline. `bytes`: what it would be charged for. */
  | { readonly kind: "attached"; readonly error: number; readonly bytes: number; readonly predicted: Va | undefined }
  | { readonly kind: "detached"; readonly error: number }
  /** A free that could not detach a trampoline first: the program lives on. */
  | { readonly kind: "kept"; readonly error: number }
  /** Kernel code broke a rule of the machine, or one of its own assertions. */
  | { readonly kind: "crashed"; readonly error: Error };

export interface Step {
  readonly scene: Scene;
  /** Empty if the step was not logged. */
  readonly events: readonly TraceEvent[];
  /** By event, where the kernel's own code was, where that was asked for and is known. */
  readonly places: readonly (string | undefined)[] | undefined;
  readonly isLogged: boolean;
  readonly before: Account;
  readonly after: Account;
  readonly result: StepResult;
  /** Of this step, and of other CPUs while it ran. */
  readonly executions: readonly Execution[];
  /** Injected failures that were hit. */
  readonly faultsHit: number;
  /** The trampoline that is new, and those that are gone. */
  readonly added: Tramp | undefined;
  readonly removed: readonly Tramp[];
  /** Entries that it changed, or should have. A program may be gone by now. */
  readonly patches: readonly Patch[];
  /** In the order in which they were made, before the entry was changed. */
  readonly skips: readonly Skip[];
  /** What the kernel has warned of. */
  readonly warnings: readonly string[];
}

export const hex = (va: Va): string => `0x${va.toString(16)}`;

/** The regions that a step brought into being. */
export function made({ result, added }: Step): readonly Region[] {
  if (result.kind === "loaded") return result.live.regions;
  return added === undefined ? NO_REGIONS : [added.region];
}

/** The regions that a step did away with. */
export function unmade({ result, removed }: Step): readonly Region[] {
  const freed = result.kind === "freed" ? result.freed.regions : NO_REGIONS;
  return removed.length === 0 ? freed : [...freed, ...removed.map(({ region }) => region)];
}

export function touched(step: Step): readonly Region[] {
  const [added, removed] = [made(step), unmade(step)];
  return removed.length === 0 ? added : [...added, ...removed];
}

/** Words that only a poke of one instruction may change. */
export function pokedWords({ patches, skips, removed }: Step): readonly Va[] {
  if (patches.length === 0) return NO_WORDS;
  const words = [...patches, ...skips].map(({ va }) => va);
  for (const { releases } of removed) words.push(...releases);
  return words;
}

const NO_WORDS: readonly Va[] = [];
const NO_REGIONS: readonly Region[] = [];
