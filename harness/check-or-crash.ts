// Running a case so that nothing that goes wrong inside a witness ends the run.

import type { Case } from "../properties/case.js";
import type { CaseReport, RunReport } from "../properties/check.js";
import { summary, type Verdict } from "../properties/verdict.js";
import { hex64 } from "../spec/bits.js";
import type { LoadedCase } from "./case-file.js";

interface Trials {
  readonly check: (c: Case) => CaseReport;
}

/** An exception out of a witness is a finding about that program, not the end of the run. */
export function checkOrCrash(c: Case, trials: Trials): CaseReport {
  try {
    return trials.check(c);
  } catch (error) {
    const actual = error instanceof Error ? error.message : String(error);
    const verdict = { kind: "disagree", where: "an exception", expected: "a verdict", actual } as const;
    return { verdict, runs: [], insns: slots(c), words: 0 };
  }
}

/** The same, with the r0 that the case's file asks for as one more witness. */
export function checkExpected(c: LoadedCase, trials: Trials): CaseReport {
  const report = checkOrCrash(c, trials);
  if (report.verdict.kind === "disagree" || c.expect.length === 0) return report;
  const runs = report.runs.map((run) => ({ ...run, verdict: againstFile(run, c.expect[run.input] ?? c.expect[0]) }));
  const verdict = runs.find((run) => run.verdict.kind === "disagree")?.verdict ?? report.verdict;
  return { ...report, runs, verdict };
}

function againstFile({ expected: outcome, verdict }: RunReport, r0: bigint | undefined): Verdict {
  if (verdict.kind === "disagree" || r0 === undefined) return verdict;
  if (outcome.kind === "returned" && outcome.r0 === r0) return verdict;
  return { kind: "disagree", where: "r0 against the file", expected: hex64(r0), actual: summary(outcome) };
}

export const slots = (c: Case): number => c.program.code.reduce((n, code) => n + code.length, 0);
