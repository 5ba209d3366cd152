// Shrinking a finding to the simplest case that still fails for the same oracle and the same reason, within a budget.

import { failsLike } from "../../properties/cases/kind.js";
import { type Cause, causeOf } from "./cause.js";
import type { Trials } from "./trial.js";

export interface ShrinkTask {
  readonly kind: "shrink";
  /** Id of the kind of trial. */
  readonly of: string;
  /** Case file text. */
  readonly text: string;
  readonly cause: Cause;
  readonly runs: number;
  readonly ms: number;
}

export interface Shrunk {
  readonly text: string;
  readonly cause: Cause;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** Whether no single edit made it simpler, as opposed to a budget that ended. */
  readonly fixed: boolean;
}

/** Undefined if the case does not fail like that at all: then it does not fail reliably. */
export function shrink({ of, text, cause, runs, ms }: ShrinkTask, trials: Trials): Shrunk | undefined {
  const trial = trials[of]!;
  const { kind } = trial;
  const parsed = kind.parse(text);
  if (!parsed.ok) throw new Error(`a finding does not read back: ${parsed.error.message}`);
  const end = performance.now() + ms;
  let left = runs;
  const fails = failsLike(trial, cause);
  const simplest = kind.minimize(
    parsed.value,
    (candidate) => {
      if (performance.now() > end) return "stop";
      left--;
      return fails(candidate);
    },
    runs,
  );
  const judged = trial.check(simplest).verdict;
  const found = causeOf(trial, simplest, judged);
  if (judged.kind !== "disagree" || found === undefined) return undefined;
  const { where, expected, got } = judged;
  const plain = kind.print(simplest, { title: undefined });
  return { text: plain, cause: found, where, expected, got, fixed: left > 0 && performance.now() <= end };
}
