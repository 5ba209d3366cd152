// Programs that nobody has made valid: generated ones, damaged at random. Whatever a JIT can be given of them is run, and
// none is ever a counterexample: the witnesses agree, or the program itself is at fault and the reason says where. That
// this is not said too readily, a planted bug shows that has to be found among them.

import { expect, test } from "vitest";
import type { Case } from "../../../subjects/case.js";
import { defaultSubject } from "../../../subjects/index.js";
import type { JitFunction, Subject } from "../../../subjects/subject.js";
import { saturated } from "../../../testing/law.js";
import { type Verdict, withoutNumbers } from "../../verdict.js";
import { checkCase, makeChecker } from "./check.js";
import { damaged } from "./damaged.js";
import { printCase } from "./text.js";

const SEED = 20_261_129;
const PROGRAMS = saturated({ few: 2500, full: 20_000 });

function verdictsOf(programs: number, subject: Subject): { readonly c: Case; readonly verdict: Verdict }[] {
  const checker = makeChecker({ subject, definedness: "run", fuel: 5_000 });
  const verdicts = [];
  for (let index = 0; verdicts.length < programs; index++) {
    const c = damaged(SEED, index);
    if (c === undefined) continue;
    const report = checkCase(c, checker);
    if (report.kind === "checked") verdicts.push({ c, verdict: report.verdict });
  }
  return verdicts;
}

test("no program that nobody made valid is a counterexample", () => {
  const reasons = new Map<string, number>();
  for (const { c, verdict } of verdictsOf(PROGRAMS, defaultSubject)) {
    if (verdict.kind !== "agree" && verdict.kind !== "incomparable") {
      expect(verdict, printCase(c, { title: "a false counterexample" })).toBeUndefined();
    }
    const why = verdict.kind === "incomparable" ? withoutNumbers(verdict.why) : verdict.kind;
    reasons.set(why, (reasons.get(why) ?? 0) + 1);
  }
  // Enough of them are compared, and many reasons were needed for the others.
  expect(reasons.get("agree")).toBeGreaterThan(0.3 * PROGRAMS);
  expect(reasons.size).toBeGreaterThan(20);
});

/** One load in a few reads its neighbour: the mistake of a displacement that is scaled wrongly. */
const misplaced = (fn: JitFunction): JitFunction => ({
  ...fn,
  insns: fn.insns.map((slot) =>
    slot.row.kind === "load" && slot.off % 16 === -8 ? { ...slot, off: slot.off - 8 } : slot,
  ),
});

test("a planted bug that computes a wrong address is found among them", () => {
  const planted: Subject = {
    ...defaultSubject,
    boot(options) {
      const kernel = defaultSubject.boot(options);
      const load = kernel.loadProgram.bind(kernel);
      kernel.loadProgram = (functions) => load(functions.map(misplaced));
      return kernel;
    },
  };
  const found = verdictsOf(500, planted).filter(({ verdict }) => verdict.kind === "disagree");
  expect(found.map(({ verdict }) => verdict.kind === "disagree" && verdict.oracle)).toContain("exec-match");
});
