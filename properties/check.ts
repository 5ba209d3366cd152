// Placeholder of the stage that runs one case on both witnesses.

import type { Outcome } from "../spec/bpf/outcome.js";
import type { Case } from "./case.js";
import type { Verdict } from "./verdict.js";

export interface Bench {
  readonly engine: string;
}
export interface RunReport {
  readonly input: number;
  readonly expected: Outcome;
  readonly actual: Outcome;
  readonly verdict: Verdict;
}
export interface CaseReport {
  readonly verdict: Verdict;
  readonly runs: readonly RunReport[];
  readonly insns: number;
  readonly words: number;
}
export function makeBench(options: { readonly cpu?: "lse" | "ll-sc"; readonly engine?: string }): Bench {
  return { engine: options.engine ?? "reference" };
}
export function checkCase(c: Case, bench: Bench): CaseReport {
  throw new Error(`no stage yet for ${c.program.code.length} programs on ${bench.engine}`);
}
