// What one worker does at a time: some random histories, or a share of what is tried exhaustively. History i depends on
// (seed, i) alone. Tasks and results are plain data: they cross a thread boundary.

import { HISTORIES } from "../../properties/cases/history/index.js";
import {
  type AllocFreeHistory,
  type AllocFreeScope,
  type Exhausted,
  type Expansion,
  expand,
} from "../../properties/exhaustive/alloc-free.js";
import { failurePoints } from "../../properties/exhaustive/failure-points.js";
import { pokesOfEveryRange } from "../../properties/exhaustive/pokes.js";
import { type Breach, breachOf, type CaseResult, type CaseTask, checkerOf, runCases } from "./cases.js";

export interface Share {
  readonly index: number;
  readonly of: number;
}
export type SequenceTask =
  | CaseTask
  | { readonly kind: "histories"; readonly seed: number; readonly first: number; readonly count: number }
  | { readonly kind: "failurePoints" }
  /** All histories that are one action longer than these. */
  | { readonly kind: "allocFree"; readonly scope: AllocFreeScope; readonly histories: readonly AllocFreeHistory[] }
  | { readonly kind: "pokes"; readonly share: Share };

export interface HistoryCounts {
  readonly sequences: number;
  readonly steps: number;
  /** Runs of another CPU between two memory events of a step. */
  readonly interleavings: number;
  /** Failures that were injected and faultsHit. */
  readonly failures: number;
}
export type SequenceResult =
  | CaseResult
  | (HistoryCounts & { readonly kind: "histories"; readonly breach?: Breach })
  | (Expansion & { readonly kind: "allocFree" })
  | (Exhausted & { readonly kind: "failurePoints" | "pokes"; readonly points: number });

const POKED_BYTES = 8192;

export function runTask(task: SequenceTask): SequenceResult {
  switch (task.kind) {
    case "cases":
      return runCases(task);
    case "histories":
      return runHistories(task);
    case "failurePoints": {
      const { tried, failures, points, pairs } = failurePoints();
      return { kind: task.kind, tried, failures, points: points + pairs };
    }
    case "allocFree":
      return { kind: task.kind, ...expand(task.scope, task.histories) };
    case "pokes":
      return { kind: task.kind, points: 0, ...pokesOfEveryRange({ bytes: POKED_BYTES, share: task.share }) };
    default:
      return task satisfies never;
  }
}

function runHistories({ seed, first, count }: SequenceTask & { kind: "histories" }): SequenceResult {
  const sum = { sequences: 0, steps: 0, interleavings: 0, failures: 0 };
  let breach: Breach | undefined;
  for (let index = first; index < first + count && breach === undefined; index++) {
    const { verdict: judged, cost } = checkerOf(HISTORIES.name).check(HISTORIES.fresh(seed, index));
    sum.sequences++;
    sum.steps += cost.steps;
    sum.interleavings += cost.interleavings;
    sum.failures += cost.failures;
    if (judged.kind === "disagree") breach = breachOf(index, judged);
  }
  const result = { kind: "histories" as const, ...sum };
  return breach === undefined ? result : { ...result, breach };
}
