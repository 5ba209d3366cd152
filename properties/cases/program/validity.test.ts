// What is taken on trust of drawn programs, and that no trust is misplaced for long.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Facts, validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { assertLaw } from "../../../testing/law.js";
import { CaseArbitrary } from "./arbitrary.js";
import { makeCheck } from "./check.js";
import { asDrawn, isJudged, validityOf } from "./validity.js";

const DEMANDS = { strictness: "verifier", definedness: "proven" } as const;
const drawn = (numRuns: number): readonly Case[] => fc.sample(new CaseArbitrary({ maxSize: 60 }), { numRuns, seed: 1 });

test("the facts that come with a drawn program are those of a validation", () => {
  assertLaw(
    fc.property(new CaseArbitrary({ maxSize: 200 }), ({ program }) => {
      expect(validityOf(program, DEMANDS)).toEqual(validate(program));
    }),
    { seed: 1, numRuns: 1500 },
  );
});

test("a wrong fact is found on one program in sixteen", () => {
  const cases = drawn(600);
  const thrown = cases.filter(({ program }) => {
    const { facts } = validate(program) as { facts: Facts };
    const functions = facts.functions.map((fn) => ({ ...fn, stackDepth: fn.stackDepth === 504 ? 8 : 504 }));
    try {
      validityOf(asDrawn(program, { ...facts, functions }), DEMANDS);
      return false;
    } catch {
      return true;
    }
  });
  expect(thrown.length).toBeGreaterThan(0);
  expect(thrown).toEqual(cases.filter(({ program }) => isJudged(program)));
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
    const broken = asDrawn({ ...program, code: program.code.map((code) => code.slice(0, -1)) }, undefined);
    const report = check({ program: broken, inputs, env });
    if (report.kind === "invalid") invalid++;
    else expect(report.verdict.kind).not.toBe("disagree");
  }
  expect(invalid).toBeGreaterThan(0);
});
