import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { assertLaw } from "./law.js";

afterEach(() => void vi.unstubAllEnvs());

/** How often each run of the law tries a value. */
function runs(seed: string | undefined): number {
  if (seed === undefined) vi.stubEnv("ROX_SEED", undefined);
  else vi.stubEnv("ROX_SEED", seed);
  let tried = 0;
  assertLaw(
    fc.property(fc.integer(), () => {
      tried++;
    }),
    { seed: 1, numRuns: 10 },
  );
  return tried;
}

test("a law is tried with its fixed seed, and once more where there is a new one", () => {
  expect(runs(undefined)).toBe(10);
  expect(runs("77")).toBe(20);
});

test("what fails with the new seed alone says how to see it again", () => {
  vi.stubEnv("ROX_SEED", "77");
  let tried = 0;
  const law = fc.property(fc.integer(), () => tried++ < 10);
  expect(() => assertLaw(law, { seed: 1, numRuns: 10 })).toThrow(
    /seed: 77.*again: ROX_SEED=77 npx vitest run testing\/law\.test\.ts -t "what fails with the new seed alone/s,
  );
});

test("a seed that is none is refused", () => {
  expect(() => runs("new")).toThrow("ROX_SEED: expected 0 to 2147483647, got new");
});
