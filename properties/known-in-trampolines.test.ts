import { describe, expect, test } from "vitest";
import { defaultSubject } from "../subjects/index.js";
import { DEFAULT_ENV, type QuirkId, type Subject } from "../subjects/subject.js";
import { isKeptOut } from "../subjects/trampoline/poke.js";
import { TracedKernel } from "../subjects/trampoline/traced-kernel.js";
import { TRAMPOLINES } from "./cases/trampoline/index.js";
import { TRACED_PROGRAM, UNTRACED_FUNCTION } from "./directed/traced.js";
import { MEMBER_OF_MANY } from "./directed/trampolines.js";
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

/** What was attached is never freed. */
const neverFreeing = (subject: Subject): Subject => ({
  ...subject,
  boot(options) {
    const kernel = subject.boot(options);
    const trampolines = kernel.trampolines.bind(kernel);
    return Object.assign(kernel, {
      trampolines: (text: Parameters<typeof trampolines>[0]) =>
        Object.assign(trampolines(text), { bpfTrampImageFree: () => undefined }),
    });
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

describe("a page that is taken from under another CPU", () => {
  const far = {
    setup: { ...TRACED_PROGRAM, target: "far" as const, args: [], values: [], moment: 0 },
    record: undefined,
  };
  const verdictOn = (subject: Subject) => TRAMPOLINES.checker(subject, []).check(far).verdict;

  test("is no news where the defect is known, and a failure elsewhere", () => {
    expect(verdictOn(withDefects(["pltPageWritable"]))).toMatchObject({ kind: "disagree" });
    expect(verdictOn(withDefects(["pltPageWritable"], ["pltPageWritable"]))).toEqual({ kind: "agree" });
    expect(verdictOn(withDefects(["pltPageWritable"], ["pltResetFirst"]))).toMatchObject({ kind: "disagree" });
  });

  test("does not hide what else is wrong in the case", () => {
    const subject = withDefects(["pltPageWritable"], ["pltPageWritable"]);
    expect(verdictOn(neverFreeing(subject))).toMatchObject({ kind: "disagree" });
  });

  test("is only that page: one that is elsewhere and writable is a failure", () => {
    const traced = new TracedKernel(far.setup, defaultSubject);
    const { start, bytes } = traced.tramp.symbols.lookup(traced.target)!;
    const said = (va: number): string => `notExecutable at 0x${va.toString(16)}: fetch from a page that is rw`;
    expect(isKeptOut(said(start), traced)).toBe(true);
    expect(isKeptOut(said(start + bytes + traced.machine.pageBytes), traced)).toBe(false);
    expect(isKeptOut(`notExecutable at 0x${start.toString(16)}: fetch from an unmapped page`, traced)).toBe(false);
  });
});

test("an address that is reset too early is no news where the defect is known, and a failure elsewhere", () => {
  const both = ["pltPageWritable", "pltResetFirst"] as const;
  const c = {
    setup: {
      ...UNTRACED_FUNCTION,
      target: "beyondBehind" as const,
      args: [],
      values: [],
      fexit: TRACED_PROGRAM.fexit,
      moment: 3,
    },
    record: undefined,
  };
  const verdictOn = (subject: Subject) => TRAMPOLINES.checker(subject, []).check(c).verdict;
  expect(verdictOn(withDefects(both, both))).toEqual({ kind: "agree" });
  const where = "another CPU, while exchanging";
  expect(verdictOn(withDefects(both, ["pltPageWritable"]))).toMatchObject({ kind: "disagree", where });
});

describe("a member's arguments on the stack", () => {
  const c = { setup: { ...MEMBER_OF_MANY, moment: undefined }, record: undefined };
  const verdictOn = (subject: Subject) => TRAMPOLINES.checker(subject, []).check(c).verdict;

  test("are no news where the defect is known, and a failure elsewhere", () => {
    expect(verdictOn(withDefects([]))).toEqual({ kind: "agree" });
    expect(verdictOn(withDefects(["memberArguments"]))).toMatchObject({ kind: "disagree" });
    expect(verdictOn(withDefects(["memberArguments"], ["memberArguments"]))).toEqual({ kind: "agree" });
  });

  test("do not hide what else is wrong in the case", () => {
    const subject = neverFreeing(withDefects(["memberArguments"], ["memberArguments"]));
    expect(verdictOn(subject)).toMatchObject({ kind: "disagree" });
  });
});
