// What is taken on trust of drawn programs, and that no trust is misplaced for long.

import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import * as sight from "../../../spec/bpf/validate/facts-at-sight.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { CaseArbitrary } from "./arbitrary.js";
import { makeCheck } from "./check.js";
import { asDrawn, isJudged, validityOf } from "./validity.js";

vi.mock("../../../spec/bpf/validate/facts-at-sight.js", { spy: true });
const { factsAtSight } = vi.mocked(sight);
afterEach(() => factsAtSight.mockReset());

const DEMANDS = { strictness: "verifier", definedness: "proven" } as const;
const drawn = (numRuns: number): readonly Case[] => fc.sample(new CaseArbitrary({ maxSize: 60 }), { numRuns, seed: 1 });

test("facts at sight are those of a validation, and many programs have them", () => {
  let seen = 0;
  const cases = drawn(400);
  for (const { program } of cases) {
    const facts = factsAtSight(program);
    if (facts === undefined) continue;
    seen++;
    expect(validate(program)).toEqual({ ok: true, facts });
  }
  expect(seen).toBeGreaterThan(cases.length / 2);
});

test("a wrong fact is found on one program in sixteen", () => {
  const right = factsAtSight.getMockImplementation();
  expect(right).toBeUndefined();
  const cases = drawn(600).filter(({ program }) => sight.factsAtSight(program) !== undefined);
  factsAtSight.mockImplementation(({ code }) => ({
    functions: code.map((insns, index) => ({ code: index, start: 0, end: insns.length, stackDepth: 504 })),
    contextLoads: code.map(() => new Set<number>()),
  }));
  const thrown = cases.filter(({ program }) => {
    try {
      validityOf(program, DEMANDS);
      return false;
    } catch {
      return true;
    }
  });
  expect(thrown.length).toBeGreaterThan(0);
  expect(thrown.every(({ program }) => isJudged(program))).toBe(true);
});

test("a program that was changed is not trusted", () => {
  for (const { program } of drawn(50)) {
    const [code] = program.code;
    const validity = validityOf({ ...program, code: [code!.slice(0, -1)] }, DEMANDS);
    expect(validity.ok).toBe(false);
  }
});

test("what a drawn program that is not valid does wrong is no finding", () => {
  const check = makeCheck();
  // A few: each takes a machine with it.
  const cases = drawn(15).filter(({ program }) => program.code.length === 1 && program.context === "memory");
  let invalid = 0;
  for (const { program, inputs, env } of cases) {
    // Falls off its end.
    const broken = asDrawn({ ...program, code: program.code.map((code) => code.slice(0, -1)) });
    const report = check({ program: broken, inputs, env });
    if (report.kind === "invalid") invalid++;
    else expect(report.verdict.kind).not.toBe("disagree");
  }
  expect(invalid).toBeGreaterThan(0);
});
