// Who objects to a verdict, and how, where two answers are compared.

import type { Verdict } from "../verdict.js";
import { EXCEPTION } from "./check-or-crash.js";
import type { Disagreement, Judged } from "./kind.js";

/** Who may object when answers are compared. */
export const COMPARISON_ORACLES = ["exec-match", "text-memory", "compiles", "no-exception"] as const;
export type ComparisonOracle = (typeof COMPARISON_ORACLES)[number];

export function oracleOf({ where }: Pick<Disagreement, "where">): ComparisonOracle {
  if (where === EXCEPTION) return "no-exception";
  if (where === "compilation") return "compiles";
  return where === "text memory" || where === "structure" ? "text-memory" : "exec-match";
}

/** Words without numbers and addresses. */
export const withoutNumbers = (text: string): string =>
  text
    .replaceAll(/\b0x[0-9a-f]+|\d+/gi, "N")
    .replaceAll(/\s+/g, " ")
    .slice(0, 80);

export function reasonOf(verdict: Disagreement): string {
  const oracle = oracleOf(verdict);
  if (oracle !== "exec-match") return withoutNumbers(verdict.got);
  return verdict.where === "outcome" ? `${kindOf(verdict.expected)}, got ${kindOf(verdict.got)}` : "another result";
}

/** `returned`, `faulted badRead`, ... out of a summary. */
const kindOf = (summary: string): string => {
  const [kind = "", ...rest] = summary.replace(/ at instruction \d+/, "").split(/[ :]+/);
  return kind === "faulted" ? `${kind} ${rest[0] ?? ""}` : kind;
};

export const judgedOf = (verdict: Verdict): Judged =>
  verdict.kind === "disagree" ? { ...verdict, oracle: oracleOf(verdict), reason: reasonOf(verdict) } : verdict;
