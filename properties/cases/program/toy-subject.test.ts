// Any subject can be under test: one that only interprets gives the same answers, and its mistakes are found.

import fc from "fast-check";
import { expect, test } from "vitest";
import { toySubject } from "../../../testing/toy-subject.js";
import { HistoryArbitrary } from "../history/arbitrary.js";
import { checkHistory } from "../history/check.js";
import { CaseArbitrary } from "./arbitrary.js";
import { checkCase, makeChecker } from "./check.js";

test("programs agree, but for those that need what it lacks", () => {
  const checker = makeChecker({ subject: toySubject });
  const kinds: Record<string, number> = {};
  for (const c of fc.sample(new CaseArbitrary({ maxSize: 60 }), { seed: 5, numRuns: 200 })) {
    const report = checkCase(c, checker);
    const verdict = report.kind === "checked" ? report.verdict : undefined;
    expect(verdict?.kind === "disagree" ? verdict : undefined).toBeUndefined();
    kinds[verdict?.kind ?? "invalid"] = (kinds[verdict?.kind ?? "invalid"] ?? 0) + 1;
  }
  expect(Object.keys(kinds).sort()).toEqual(["agree", "refused"]);
  expect(kinds.agree).toBeGreaterThan(100);
});

test("histories of loads, runs, attaches and frees agree", () => {
  for (const history of fc.sample(new HistoryArbitrary(), { seed: 6, numRuns: 30 })) {
    expect(checkHistory(history, { subject: toySubject }).violations).toEqual([]);
  }
});
