// What every kind of case promises to those who work on kinds without knowing them.

import { describe, expect, test } from "vitest";
import { defaultEngine } from "../../engines/index.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Verdict } from "../verdict.js";
import { found, titled } from "./header.js";
import { KINDS } from "./index.js";
import type { AnyKind } from "./kind.js";

const cases = (kind: AnyKind, count: number): readonly unknown[] =>
  Array.from({ length: count }, (_, index) => kind.fresh(7, index));

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s", (_name, kind) => {
  test("depend on seed and index alone", () => {
    const [first, ...rest] = cases(kind, 4);
    expect(kind.fresh(7, 0)).toEqual(first);
    if (kind.count === undefined) expect(kind.fresh(8, 0)).not.toEqual(first);
    else expect(kind.fresh(8, 0)).toEqual(first);
    expect(rest).not.toContainEqual(first);
  });

  test("agree, and few of them cannot be compared", () => {
    const checker = kind.checker(defaultSubject, [defaultEngine()]);
    const judged = cases(kind, 40).map((c) => checker.check(c).verdict);
    expect(judged.filter(({ kind: answer }) => answer === "disagree")).toEqual([]);
    expect(judged.filter(({ kind: answer }) => answer === "agree").length).toBeGreaterThan(30);
  });

  test("are read back from their text as they were", () => {
    for (const c of cases(kind, 300)) {
      const text = kind.print(c, { title: "an entry", notes: [found("somewhere")] });
      const read = kind.parse(text);
      if (!read.ok) throw new Error(`${read.error.message}\n${text}`);
      expect(read.value, text).toMatchObject(c as object);
      expect(kind.print(read.value, { title: "an entry", notes: [found("somewhere")] })).toBe(text);
    }
  });

  test("are given a title afterwards as if they had been printed with it", () => {
    const [c] = cases(kind, 1);
    const said = { oracle: "exec-match", id: "0123456789ab", notes: [found("somewhere")] };
    const title = "the first to reach a  point";
    expect(titled(title, kind.print(c, said))).toBe(kind.print(c, { ...said, title }));
  });

  test("are refused in one line that says where", () => {
    const read = kind.parse("# title: nothing\n\nwhat is this?\n");
    expect(read).toMatchObject({ ok: false, error: { message: expect.stringMatching(/^line 3: [^\n]+$/) } });
    expect(kind.parse("")).toMatchObject({ ok: false });
  });

  test("become small where everything fails, and stay as they are where nothing does", () => {
    for (const c of cases(kind, 3)) {
      expect(kind.size(kind.minimize(c, () => true, 5000))).toBeLessThanOrEqual(2);
      expect(kind.minimize(c, () => false, 100)).toEqual(c);
    }
  });

  test("what breaks inside a witness is an objection", () => {
    const broken = { inputs: undefined, actions: undefined, registers: undefined, setup: undefined };
    const checker = kind.checker(defaultSubject, [defaultEngine()]);
    const judged: Verdict = checker.check({ ...(kind.fresh(7, 0) as object), ...broken }).verdict;
    expect(judged).toMatchObject({ kind: "disagree", oracle: "no-exception" });
  });
});
