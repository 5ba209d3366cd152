// What the generator makes is defined: a run that is followed comes to the same as one that is not.

import { expect, test } from "vitest";
import { interpret } from "../../../spec/bpf/interpret.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import { randomSource } from "../../../subjects/random/source.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { CaseArbitrary } from "./arbitrary.js";
import { FUEL } from "./report.js";

const SEED = 20_261_129;

test("generated programs are defined, and come to the same whether they are followed or not", () => {
  const arbitrary = new CaseArbitrary();
  for (let i = 0; i < 800; i++) {
    const { program, inputs } = arbitrary.generate(randomSource(SEED, i)).value;
    const validity = validate(program);
    if (!validity.ok) throw new Error(validity.problems[0]?.message);
    for (const input of inputs) {
      const run = { program, input, layout: layoutOf(program, input.length), fuel: FUEL };
      const followed = interpret({ ...run, track: validity.facts });
      const plain = interpret(run);
      expect({ i, followed }).toMatchObject({ followed: { kind: "returned" } });
      if (plain.kind === "returned" && followed.kind === "returned") expect(followed.r0).toBe(plain.r0);
    }
  }
});
