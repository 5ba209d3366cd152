// A law that does not hold. CI runs it through the same machinery as the others and checks that it fails: a green run
// means something only if red works. See scripts/canary.mjs.

import fc from "fast-check";
import { test } from "vitest";
import { assertLaw } from "./law.js";

test("a sum of two immediates is an immediate", () => {
  assertLaw(
    fc.property(fc.integer(), fc.integer(), (a, b) => a + b === ((a + b) | 0)),
    { seed: 1, numRuns: 100 },
  );
});
