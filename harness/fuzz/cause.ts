// What a finding is about: which oracle said no, how, and what is to blame. Findings of one cause are one finding; while a
// case is shrunk, oracle and reason must stay what they are.

import { ORACLES } from "../../properties/oracles/index.js";
import type { Judged } from "../kinds/kind.js";
import { COMPARISON_ORACLES } from "../kinds/objection.js";
import { TRACING_ORACLE } from "../kinds/tracing.js";
import type { AnyTrial } from "./trial.js";

const WORKER_ORACLES = ["worker-crash", "worker-hang"] as const;

/** Who may say no in a campaign, by the name that `--only` takes. */
export const FUZZ_ORACLES: readonly string[] = [
  ...new Set([...COMPARISON_ORACLES, ...ORACLES.map(({ name }) => name), TRACING_ORACLE, ...WORKER_ORACLES]),
];

export interface Cause {
  readonly oracle: string;
  /** How the answers differ, without numbers. */
  readonly reason: string;
  /** An instruction row, an action; `?` where nothing can be blamed. */
  readonly what: string;
}

/** A name for the cause that can name a directory: `exec-match-mod32-reg`, `no-leak-load-copy-fails`. */
export const causeName = ({ oracle, what }: Pick<Cause, "oracle" | "what">): string =>
  `${oracle}-${what.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "") || "unknown"}`;

/** A case that ended its worker must not be run again. */
export const isOfWorker = ({ oracle }: Pick<Cause, "oracle">): boolean =>
  WORKER_ORACLES.some((name) => name === oracle);

export function causeOf(trial: AnyTrial, c: unknown, judged: Judged): Cause | undefined {
  if (judged.kind !== "disagree") return undefined;
  const { oracle, reason } = judged;
  return { oracle, reason, what: trial.blame(c, judged) };
}
