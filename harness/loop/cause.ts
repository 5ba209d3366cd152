// What a finding is about: which oracle said no, how, and what is to blame. Findings of one cause are one finding; while a
// case is shrunk, oracle and reason must stay what they are.

import { PROGRAMS } from "../../properties/cases/program/index.js";
import { TRAMPOLINE_ORACLE } from "../../properties/cases/trampoline/check.js";
import { ORACLES } from "../../properties/oracles/index.js";
import { COMPARISON_ORACLES, type Disagreement } from "../../properties/verdict.js";
import type { CaseChecker } from "./case-checker.js";

const WORKER_ORACLES = ["worker-crash", "worker-hang"] as const;
export type WorkerOracle = (typeof WORKER_ORACLES)[number];

/** Who may say no in a campaign, by the name that `--oracles` takes. */
export const FUZZ_ORACLES: readonly string[] = [
  ...new Set([...COMPARISON_ORACLES, ...ORACLES.map(({ name }) => name), TRAMPOLINE_ORACLE, ...WORKER_ORACLES]),
];

export interface Cause {
  readonly oracle: string;
  /** How the answers differ, without numbers. */
  readonly reason: string;
  /** An instruction row, an action; `?` where nothing can be blamed. */
  readonly what: string;
}

/**
 * A name for the cause that can name a directory and a corpus entry: `exec-match-mod32-reg`, `histories-no-leak-load-copy-fails`.
 * What is no program says so: the same row can be to blame in a program and among the rows that only a verifier makes,
 * where the JIT has other code for it.
 */
export const causeName = (kind: string, { oracle, what }: Pick<Cause, "oracle" | "what">): string => {
  const words = `${kind === PROGRAMS.name ? "" : `${kind} `}${oracle} ${what === "?" ? "unknown" : what}`;
  return words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
};

/** A case that ended its worker must not be run again. */
export const isOfWorker = ({ oracle }: Pick<Cause, "oracle">): boolean =>
  WORKER_ORACLES.some((name) => name === oracle);

export const causeOf = (checker: CaseChecker, c: unknown, found: Disagreement): Cause => ({
  oracle: found.oracle,
  reason: found.reason,
  what: checker.blame(c, found),
});
