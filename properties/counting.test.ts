// Old kernels count tail calls otherwise than they should: each way is a known defect, shown by an entry of the corpus.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { referenceEngine } from "../engines/reference/engine.js";
import type { QuirkId } from "../subjects/subject.js";
import { withDefects } from "../testing/with-defects.js";
import { PROGRAMS } from "./cases/program/index.js";

test.each([
  ["emptySlotsCount", "empty-slots-do-not-count-as-tail-calls"],
  ["returnedCallsForgotten", "tail-calls-of-functions-share-one-count"],
] as const)("%s is caught by an entry, and programs are compared past it where it is known", (quirk, entry) => {
  const parsed = PROGRAMS.parse(readFileSync(new URL(`../corpus/${entry}.bpf`, import.meta.url), "utf8"));
  if (!parsed.ok) throw new Error(parsed.error.message);
  const verdicts = (known: readonly QuirkId[], quirks: readonly QuirkId[] = [quirk]) => {
    const subject = { ...withDefects(quirks), ...(known.length > 0 && { known: new Set(known) }) };
    const checker = PROGRAMS.checker(subject, [referenceEngine]);
    return [checker.check(parsed.value).verdict, checker.replay!(parsed.value, parsed.head)];
  };
  const wrong = { kind: "disagree", oracle: "exec-match" };
  expect(verdicts([], [])).toEqual([{ kind: "agree" }, { kind: "agree" }]);
  expect(verdicts([])).toMatchObject([wrong, wrong]);
  // The file says what is right.
  const known = { kind: "refused", missing: `a mended ${quirk}, a known defect` };
  expect(verdicts([quirk])).toEqual([{ kind: "agree" }, known]);
  // A kernel that is said to have it and has it not.
  expect(verdicts([quirk], [])).toMatchObject([wrong, wrong]);
});
