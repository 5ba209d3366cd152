// Running a case so that nothing that goes wrong inside a witness ends the run.

import type { Case } from "../properties/case.js";
import type { CaseReport } from "../properties/check.js";

/** An exception out of a witness is a finding about that program, not the end of the run. */
export function checkOrCrash(c: Case, trials: { readonly check: (c: Case) => CaseReport }): CaseReport {
  try {
    return trials.check(c);
  } catch (error) {
    const actual = error instanceof Error ? error.message : String(error);
    const verdict = { kind: "disagree", where: "an exception", expected: "a verdict", actual } as const;
    return { verdict, runs: [], insns: slots(c), words: 0 };
  }
}

export const slots = (c: Case): number => c.program.code.reduce((n, code) => n + code.length, 0);
