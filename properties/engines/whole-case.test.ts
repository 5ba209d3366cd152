// A compiled program does the same on every engine: the same verdict on every input, after as many instructions.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/index.js";
import { referenceEngine } from "../../engines/reference/engine.js";
import { assertLaw } from "../../testing/law.js";
import { available } from "../../testing/required.js";
import { CaseArbitrary } from "../cases/program/arbitrary.js";
import { checkCase, makeChecker } from "../cases/program/check.js";

const others = ENGINES.filter((engine) => engine !== referenceEngine);
const usable = others.filter((engine) => available(engine.name, () => engine.unavailable()));
const reference = makeChecker({ engines: [referenceEngine] });

describe.each(usable.map((engine) => [engine.name, engine] as const))("%s", (_name, engine) => {
  test("reports on each random case what the reference reports", () => {
    // Reports name the engine: both go by one name here.
    const bench = makeChecker({ engines: [{ ...engine, name: referenceEngine.name }] });
    const property = fc.property(new CaseArbitrary(), (c) => {
      expect(checkCase(c, bench)).toEqual(checkCase(c, reference));
    });
    assertLaw(property, { seed: 1, numRuns: 500 });
  });
});
