import fc from "fast-check";
import { expect, test } from "vitest";
import { interpret } from "../../spec/bpf/interpret.js";
import type { Program } from "../../spec/bpf/program.js";
import { validate } from "../../spec/bpf/validate/validate.js";
import { assertLaw } from "../../testing/law.js";
import { leastInsns, type ProgramSpec } from "../action.js";
import { layoutOf } from "../run/layout.js";
import { factsOf, returnOf, slotsOf } from "./numbered-program.js";

const specs = fc
  .record({ first: fc.integer({ min: 1, max: 9 }), subprograms: fc.nat(3), more: fc.nat(40) })
  .map(({ first, subprograms, more }): ProgramSpec => {
    return { first, insns: leastInsns(subprograms) + more, subprograms, probes: 0 };
  });

test("what a program of numbers returns is what the interpreter says", () => {
  assertLaw(
    fc.property(specs, (spec) => {
      const program: Program = { code: [slotsOf(spec)], maps: [], context: "memory" };
      const outcome = interpret({ program, input: new Uint8Array(8), layout: layoutOf(program, 8), fuel: 1000 });
      expect(outcome).toMatchObject({ kind: "returned", r0: returnOf(spec) });
    }),
    { seed: 17, numRuns: 100 },
  );
});

test("what is known of it is what a validation finds", () => {
  assertLaw(
    fc.property(specs, (spec) => {
      const program: Program = { code: [slotsOf(spec)], maps: [], context: "memory" };
      expect(validate(program)).toEqual({ ok: true, facts: factsOf(spec) });
    }),
    { seed: 17, numRuns: 100 },
  );
});

test.each([
  [2, 1],
  [500_001, 1],
])("%i slots of each function, with subprograms: %i", (insns, subprograms) => {
  expect(() => slotsOf({ first: 1, insns, subprograms, probes: 0 })).toThrow(RangeError);
});

test("each function has as many slots as the numbers say", () => {
  assertLaw(
    fc.property(specs, (spec) => {
      expect(slotsOf(spec)).toHaveLength(spec.insns * (spec.subprograms + 1));
    }),
    { seed: 17, numRuns: 100 },
  );
});
