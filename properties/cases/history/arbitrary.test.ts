// What histories are made of.

import fc from "fast-check";
import { expect, test } from "vitest";
import { interpret } from "../../../spec/bpf/interpret.js";
import { factsOfCode, validate } from "../../../spec/bpf/validate/validate.js";
import { isCaseProgram } from "../../../subjects/action.js";
import type { Case } from "../../../subjects/case.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { assertLaw } from "../../../testing/law.js";
import { HistoryArbitrary } from "./arbitrary.js";

/** What a run says of a frame of which nobody knows what it holds. */
function outcomeOf({ program, inputs }: Case): string {
  const validity = validate(program);
  if (!validity.ok) return validity.problems[0]!.message;
  const contextLoads = program.code.map((_, code) => factsOfCode(validity.facts, code).contextLoads);
  const track = { contextLoads, isFrameKnown: false };
  const [input] = inputs;
  const run = { program, input: input!, layout: layoutOf(program, input!.length), fuel: 50_000, track };
  const outcome = interpret(run);
  return outcome.kind === "faulted" ? outcome.detail : outcome.kind;
}

test("a generated program uses nothing of its frame that it has not written", () => {
  let generated = 0;
  assertLaw(
    fc.property(new HistoryArbitrary(), ({ actions }) => {
      for (const action of actions) {
        if (action.kind !== "load" || !isCaseProgram(action.program)) continue;
        generated++;
        expect(outcomeOf(action.program.case)).toBe("returned");
      }
    }),
    { seed: 8, numRuns: 400 },
  );
  expect(generated).toBeGreaterThan(50);
});
