// What the HTML report shows, as plain data: JSON without loss, so that a run can be kept as a file and drawn later. The
// gate fills it (`gate-data.ts`), and so does a campaign (`campaign-data.ts`); `page.ts` draws it and knows nothing else.

import type { MatrixCounts } from "../../properties/coverage/matrix.js";
import type { KnownDefect } from "../../properties/known-defects.js";
import type { Counterexample } from "../counterexample.js";
import type { Listing } from "../listing.js";
import type { Seen } from "../loop/state.js";
import type { RunSummary } from "./baseline.js";

export interface ReportData {
  /** `rox gate`, `rox fuzz`. */
  readonly command: string;
  readonly version: string;
  readonly verdict: VerdictData;
  /** What was run, in the order of the page: seed, programs, time, engine, ... */
  readonly facts: readonly FactData[];
  /** The command line that does the same once more. */
  readonly again: string;
  /** Defects of Linux that the subject has: it was judged past them. */
  readonly knownDefects: readonly KnownDefect[];
  /** A sentence each. */
  readonly notChecked: readonly string[];
  readonly findings: readonly FindingData[];
  readonly coverage: CoverageData;
  readonly pace: readonly PacePoint[];
  /** Of a run that keeps count over its time. */
  readonly growth?: readonly GrowthPoint[];
  /** Programs by number of slots; null is the end of the last bucket, which has none. Empty if nobody counted. */
  readonly sizes: readonly { readonly upTo: number | null; readonly programs: number }[];
  /** Of a history that the run tried; absent if it tried none. */
  readonly packs?: PackHistory;
  readonly summary: RunSummary;
  /** The same of the run that this one is compared with. */
  readonly baseline?: RunSummary;
}

export interface VerdictData {
  readonly state: "ok" | "failed" | "interrupted";
  /** A few words: `12345 programs agree`. */
  readonly headline: string;
  /** One sentence more, or empty. */
  readonly detail: string;
}

export interface FactData {
  readonly name: string;
  readonly value: string;
}

export interface CoverageData {
  /** Row id -> strategy -> programs that have such an instruction. */
  readonly lowerings: MatrixCounts;
  /** The programs whose code was looked at, out of how many. */
  readonly looked: number;
  readonly programs: number;
  /** Row ids of the instruction table that no program reached, out of how many; counted on all programs. */
  readonly rowsMissing: readonly string[];
  readonly rowsAll: number;
}

/** So many programs were through after that long. */
export interface PacePoint {
  readonly elapsedMs: number;
  readonly programs: number;
}

/** So many kinds of things had been reached, and so many causes found, after that long. */
export interface GrowthPoint {
  readonly elapsedMs: number;
  readonly points: number;
  readonly findings: number;
}

/** What an allocator did, one event a step. Addresses are the low 48 bits. */
export interface PackHistory {
  /** What history this is, a sentence. */
  readonly about: string;
  readonly chunkBytes: number;
  readonly pageBytes: number;
  readonly events: readonly PackEvent[];
}
export type PackEvent =
  /** A region is mapped, or goes back. */
  | { readonly kind: "map"; readonly at: number; readonly bytes: number }
  | { readonly kind: "unmap"; readonly at: number }
  /** A program takes `bytes` from `at`, its header included, of which the first `used` are its own. */
  | { readonly kind: "load"; readonly id: number; readonly at: number; readonly bytes: number; readonly used: number }
  | { readonly kind: "free"; readonly id: number };

/** `name` is unique, also the anchor: `gate-7-8`. */
export interface FindingData
  extends Pick<
    Counterexample,
    "name" | "title" | "oracle" | "where" | "expected" | "got" | "size" | "times" | "text" | "replay" | "cause" | "file"
  > {
  /** Of a kernel image: where in its own code, innermost function first. */
  readonly inKernel?: string;
  /** When cases of it were seen, in a run that keeps count over its time. */
  readonly seen?: Seen;
  /** Names of what else cases of the same cause were shrunk to. */
  readonly forms?: readonly string[];
  /** Row ids of its program. */
  readonly rows: readonly string[];
  readonly groups: readonly string[];
  readonly listing: Listing;
  /** Of a history: its actions, in order, as far as it was run. */
  readonly actions?: readonly ActionData[];
  /** The first instruction after which a register differs. */
  readonly difference?: DifferenceData;
  /** Both witnesses, instruction by instruction. */
  readonly steps: readonly StepData[];
  readonly stepsCut: boolean;
  /** What the machine did while the program was loaded and freed, or at the step that an oracle objects to, a line each. */
  readonly events: readonly string[];
}

export interface ActionData {
  /** As the file has it. */
  readonly text: string;
  /** What became of it, in a few words. */
  readonly result: string;
  /** What the oracles object to, a line each. */
  readonly breaches: readonly string[];
}

export interface DifferenceData {
  readonly code: number;
  readonly part: number | string;
  readonly bpf: string;
  /** `r7`. */
  readonly register: string;
  /** What the interpreter has there, hexadecimal; empty if that is not known. */
  readonly expected: string;
  readonly got: string;
}

export interface StepData {
  readonly part: number | string;
  readonly bpf: string;
  readonly words: readonly string[];
  /** `r0 = 0x1`: set by the interpreter. */
  readonly changes: readonly string[];
  /** What the compiled code has otherwise. */
  readonly differences: readonly string[];
}

/** Points of a curve that go into the page. */
const MOST_POINTS = 500;

/** Every n-th point and the last one. */
export function thinned<T>(points: readonly T[], most = MOST_POINTS): readonly T[] {
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, i) => i % step === step - 1 || i === points.length - 1);
}
