// A history: what happens to one kernel, one action after another. Plain data, so that it prints (`text.ts`), shrinks
// (`shrink.ts`) and replays (`check.ts`).

import type { FailingStep } from "../machine/event.js";
import type { Case } from "./case.js";
import { type ImageMemoryName, PROFILES, type ProfileName, type QuirkId, type Quirks } from "./subject.js";

/** A program that needs nothing but itself: it adds up ones, and calls each of its subprograms once. */
export interface ProgramSpec {
  /** What it begins to count from, so that programs tell themselves apart: 1 to 9999. */
  readonly first: number;
  /** Slots of every function. At least 2, and with subprograms 2 + 2 for each. */
  readonly insns: number;
  readonly subprograms: number;
  /** Loads from nowhere in front of it all, each of which its exception table skips. */
  readonly probes: number;
}

/** A generated program, with one input, in pages of 4096 bytes. Its place in a hole and in the packs is the history's. */
export interface CaseProgram {
  readonly case: Case;
}
export const isCaseProgram = (program: ProgramSpec | CaseProgram): program is CaseProgram => "case" in program;

/** One program of a trampoline. */
export interface AttachedProgram {
  readonly kind: (typeof ATTACH_KINDS)[number];
  /** A live program, called where it lies; undefined for one that is interpreted and notes what it sees. */
  readonly id: number | undefined;
  /** What one that notes answers. An fmod_ret program that answers anything but 0 takes the place of the function. */
  readonly result: number;
  /** The kernel's function before it says that it must not run now. */
  readonly enterReturnsZero: boolean;
}
/** In the order in which a trampoline calls them. */
export const ATTACH_KINDS = ["fentry", "fmod_ret", "fexit"] as const;

/** The `nth` call of a step within the action fails; 1 is the first. */
export interface Failing {
  readonly step: FailingStep;
  readonly nth: number;
}

/** Another CPU runs a live program right after event `at` of the action; without it, after every event. */
export interface ConcurrentRun {
  readonly cpu: number;
  readonly id: number;
  readonly at: number | undefined;
}

export interface Disturbance {
  readonly fails: readonly Failing[];
  readonly others: readonly ConcurrentRun[];
}

/** `id`: a number that the load gives to the program; what names no live program is left out when run. */
export type Action =
  | ({ readonly kind: "load"; readonly id: number; readonly program: ProgramSpec | CaseProgram } & Disturbance)
  | ({ readonly kind: "free"; readonly id: number } & Disturbance)
  /**
   * Make a trampoline that calls these programs, and let the entry of the program lead there instead of to what was
   * attached before. A program that is called must not be traced itself, nor the other way round; a generated one is
   * called by no trampoline, and calls none but recorders. What is not so is left out.
   */
  | ({ readonly kind: "attach"; readonly id: number; readonly programs: readonly AttachedProgram[] } & Disturbance)
  /** Nothing is attached any more. Before a free, the kernel does the same to every trampoline that the program is part of. */
  | ({ readonly kind: "detach"; readonly id: number } & Disturbance)
  | { readonly kind: "run"; readonly id: number; readonly cpu: number }
  /** What follows is done by that CPU. */
  | { readonly kind: "cpu"; readonly cpu: number };

export interface HistoryOptions {
  readonly profile: ProfileName;
  /** Switched the other way round. */
  readonly except: readonly QuirkId[];
  readonly images: ImageMemoryName;
  readonly packBytes: number;
  readonly pageBytes: 4096 | 16384 | 65536;
  readonly cpus: number;
  /** Only one pack lies within reach of a branch from the kernel; all else is further from it than a branch goes. */
  readonly packsBeyondBranchRange: boolean;
  /** Bytes that may be charged; undefined for the kernel's default. */
  readonly limit: number | undefined;
}

export interface History {
  readonly options: HistoryOptions;
  readonly actions: readonly Action[];
}

export const DEFAULT_OPTIONS: HistoryOptions = {
  profile: "fixed",
  except: [],
  images: "packs",
  packBytes: 2 * 1024 * 1024,
  pageBytes: 4096,
  cpus: 2,
  packsBeyondBranchRange: false,
  limit: undefined,
};

export const NOTHING_ELSE: Disturbance = { fails: [], others: [] };

/** The fewest slots of each function of a program with so many subprograms. */
export const leastInsns = (subprograms: number): number => (subprograms === 0 ? 2 : 3 + 2 * subprograms);

/** More slots of one function than fit in an image that a branch can cross. */
const MOST_OF_A_FUNCTION = 600_000;
/** Linux: BPF_COMPLEXITY_LIMIT_INSNS. */
const MOST_OF_A_PROGRAM = 1_000_000;
/** The most slots of each function of a program with so many subprograms. */
export const mostInsns = (subprograms: number): number =>
  Math.min(MOST_OF_A_FUNCTION, Math.floor(MOST_OF_A_PROGRAM / (subprograms + 1)));

/** The known defects of the kernel that a history is run on. */
export function quirksOf({ profile, except }: HistoryOptions): Quirks {
  const quirks = { ...PROFILES[profile] };
  for (const id of except) quirks[id] = !quirks[id];
  return quirks;
}
