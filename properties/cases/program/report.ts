// What a check of one program is told and what it tells, whatever the subject.

import type { InterpretRun } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Problem } from "../../../spec/bpf/validate/problem.js";
import type { Case } from "../../../subjects/case.js";
import type { LoadedImage } from "../../../subjects/session/program-session.js";
import type { Verdict } from "../../verdict.js";

/** Told of what a check goes through. */
export interface Watch {
  /** Of each BPF instruction that ran. */
  readonly count?: InterpretRun["count"];
  /** Of the compiled functions, while they are loaded. */
  readonly loaded?: (images: readonly LoadedImage[]) => void;
}

/** BPF instructions that the interpreter may run, and A64 instructions that the code may take for them. */
export const FUEL = 100_000;
export const A64_FUEL = 40 * FUEL;

export interface RunReport {
  /** Index into the case's inputs. */
  readonly input: number;
  /** What ran the subject's code. */
  readonly engine: string;
  readonly expected: Outcome;
  readonly got: Outcome;
  readonly verdict: Verdict;
}
export type CaseReport =
  /** Not a program that a JIT would be given: nothing was compared. */
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  | {
      readonly kind: "checked";
      /** The first disagreement, else the first run that could not be compared, else agreement. */
      readonly verdict: Verdict;
      readonly runs: readonly RunReport[];
      /** BPF slots, A64 words, and A64 instructions over all runs. */
      readonly slots: number;
      readonly words: number;
      readonly executed: number;
    };

/** Runs a case on both witnesses. */
export type Check = (c: Case, watch?: Watch) => CaseReport;
