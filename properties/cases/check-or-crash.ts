// Running a case so that nothing that goes wrong inside a witness ends the run.

import { hex64 } from "../../spec/bits.js";
import type { Case } from "../../subjects/case.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import type { Subject } from "../../subjects/subject.js";
import { COUNTING, resultWith } from "../counting.js";
import { EXEC_MATCH, exception, summary, type Verdict } from "../verdict.js";
import type { CaseReport, Check, RunReport, Watch } from "./program/report.js";

export type Checked = Extract<CaseReport, { kind: "checked" }>;

/**
 * An exception out of a witness is a finding about that program, not the end of the run. A program that is not valid
 * cannot be compared.
 */
export function checkOrCrash(c: Case, check: Check, watch?: Watch): Checked {
  try {
    const report = check(c, watch);
    if (report.kind === "checked") return report;
    const problem = report.problems[0];
    return without(c, { kind: "incomparable", why: `invalid: ${problem?.reason ?? "of unknown reason"}` });
  } catch (error) {
    return without(c, exceptionOrMissing(error));
  }
}

/** The same for what gives no more than a verdict. @param renew called after an exception, which may have left anything behind */
export function verdictOrCrash(check: () => Verdict, renew: () => void = () => {}): Verdict {
  try {
    return check();
  } catch (error) {
    renew();
    return exceptionOrMissing(error);
  }
}

/** What the subject lacks is no breach. */
const exceptionOrMissing = (error: unknown): Verdict =>
  error instanceof NotModelled ? { kind: "refused", missing: error.message } : exception(error);

const without = (c: Case, verdict: Verdict): Checked => ({
  kind: "checked",
  verdict,
  runs: [],
  slots: slots(c),
  words: 0,
  executed: 0,
});

/** The same, with the r0 that the case's file asks for as one more witness. */
export function checkExpected(
  c: Case & { readonly expect: readonly bigint[] },
  check: Check,
  subject: Pick<Subject, "known"> = {},
): Checked {
  const report = checkOrCrash(c, check);
  // What is known to deviate is not held against a file either.
  const isSettled = report.verdict.kind === "disagree" || report.verdict.kind === "refused";
  if (isSettled || c.expect.length === 0) return report;
  const runs = report.runs.map((run) => ({ ...run, verdict: againstFile(c, run, subject) }));
  const verdict = runs.find((run) => run.verdict.kind !== "agree")?.verdict ?? report.verdict;
  return { ...report, runs, verdict };
}

function againstFile(
  { program, inputs, expect }: Case & { readonly expect: readonly bigint[] },
  { expected: outcome, verdict, input }: RunReport,
  subject: Pick<Subject, "known">,
): Verdict {
  const r0 = expect[input] ?? expect[0];
  // Where there is no answer, there is none to hold against the file.
  if (verdict.kind !== "agree" || r0 === undefined) return verdict;
  if (outcome.kind === "returned" && outcome.r0 === r0) return verdict;
  const quirk = COUNTING.find(
    (one) => subject.known?.has(one) === true && resultWith([one], program, inputs[input]!) !== r0,
  );
  if (quirk !== undefined) return { kind: "refused", missing: `a mended ${quirk}, a known defect` };
  const answers = { where: "r0 against the file", expected: hex64(r0), got: summary(outcome) };
  return { kind: "disagree", oracle: EXEC_MATCH, reason: "another result than the file's", ...answers };
}

const slots = (c: Case): number => c.program.code.reduce((n, code) => n + code.length, 0);
