import { expect, test } from "vitest";
import { defaultSubject } from "../subjects/index.js";
import { DEFAULT_ENV, type QuirkId, type Subject } from "../subjects/subject.js";
import { TRAMPOLINES } from "./cases/trampoline/index.js";
import { MEMBER_OF_MANY, TRACED_PROGRAM } from "./directed/trampolines.js";
import { findInTrampolines } from "./known-in-trampolines.js";

/** Our own code with these defects, which says so itself or not. */
const withDefects = (ids: readonly QuirkId[], known?: readonly QuirkId[]): Subject => ({
  ...defaultSubject,
  ...(known && { known: new Set(known) }),
  boot(options) {
    const env = options.env ?? DEFAULT_ENV;
    const quirks = { ...env.quirks, ...Object.fromEntries(ids.map((id) => [id, true])) };
    return defaultSubject.boot({ ...options, env: { ...env, quirks } });
  },
});

test.each([
  [[]],
  [["pltPageWritable"]],
  [["pltResetFirst"]],
  [["trampolineRefusalLeak"]],
  [["memberArguments"]],
  [["pltPageWritable", "pltResetFirst"]],
] as const)("of a subject with the defects %s, these are found and no others", (ids) => {
  expect(findInTrampolines(withDefects(ids))).toEqual(ids);
});

test("a page that is taken from under another CPU is no news where the defect is known, and a failure elsewhere", () => {
  const c = {
    setup: { ...TRACED_PROGRAM, target: "far" as const, args: [], values: [], moment: 0 },
    record: undefined,
  };
  const verdictOn = (subject: Subject) => TRAMPOLINES.checker(subject, []).check(c).verdict;
  expect(verdictOn(withDefects(["pltPageWritable"]))).toMatchObject({ kind: "disagree" });
  expect(verdictOn(withDefects(["pltPageWritable"], ["pltPageWritable"]))).toEqual({
    kind: "refused",
    missing: "a mended pltPageWritable, a known defect",
  });
  expect(verdictOn(withDefects(["pltPageWritable"], ["pltResetFirst"]))).toMatchObject({ kind: "disagree" });
});

test("a member's arguments on the stack are no news where the defect is known", () => {
  const c = { setup: { ...MEMBER_OF_MANY, moment: undefined }, record: undefined };
  const verdictOn = (subject: Subject) => TRAMPOLINES.checker(subject, []).check(c).verdict;
  expect(verdictOn(withDefects([]))).toEqual({ kind: "agree" });
  expect(verdictOn(withDefects(["memberArguments"]))).toMatchObject({ kind: "disagree" });
  expect(verdictOn(withDefects(["memberArguments"], ["memberArguments"]))).toEqual({
    kind: "refused",
    missing: "a mended memberArguments, a known defect",
  });
});
