// Shrinking a finding to the simplest case that still fails for the same oracle and the same reason, within a budget.

import { minimize } from "../../properties/arbitraries/minimize.js";
import { parseCase, printCase } from "../../properties/case-text.js";
import { checkOrCrash } from "../check-or-crash.js";
import { oracleOf, reasonOf } from "../kinds/objection.js";
import { type Cause, causeOf } from "./cause.js";
import type { FuzzTrials } from "./chunk.js";

export interface ShrinkTask {
  readonly kind: "shrink";
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
  readonly actual: string;
  /** Of the reference, by run; empty where nothing ran or something did not return. */
  readonly results: readonly bigint[];
  /** Whether no single edit made it simpler, as opposed to a budget that ended. */
  readonly fixed: boolean;
}

/** Undefined if the case does not fail like that at all: then it does not fail reliably. */
export function shrink({ text, cause, runs, ms }: ShrinkTask, { judge }: FuzzTrials): Shrunk | undefined {
  const parsed = parseCase(text);
  if (!parsed.ok) throw new Error(`a finding does not read back: ${parsed.error.message}`);
  const end = performance.now() + ms;
  let left = runs;
  const simplest = minimize(
    parsed.value,
    (candidate) => {
      if (performance.now() > end) return false;
      left--;
      const { verdict } = checkOrCrash(candidate, judge);
      return verdict.kind === "disagree" && oracleOf(verdict) === cause.oracle && reasonOf(verdict) === cause.reason;
    },
    runs,
  );
  const checked = checkOrCrash(simplest, judge);
  const found = causeOf(simplest, checked);
  if (checked.verdict.kind !== "disagree" || found === undefined) return undefined;
  const { where, expected, actual } = checked.verdict;
  const results = checked.runs.flatMap(({ expected: outcome }) => (outcome.kind === "returned" ? [outcome.r0] : []));
  return {
    text: printCase({ ...simplest, title: undefined }),
    cause: found,
    where,
    expected,
    actual,
    results: results.length === simplest.inputs.length ? results : [],
    fixed: left > 0 && performance.now() <= end,
  };
}
