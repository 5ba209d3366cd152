import { expect, test } from "vitest";
import { PROFILES, type QuirkId } from "../../subjects/subject.js";
import { failurePoints } from "./failure-points.js";

test("a failure at every point of a load and a free, and at every two points, leaves everything as it was", () => {
  const { points, pairs, failures } = failurePoints();
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(100);
  expect(pairs).toBeGreaterThan(30);
});

const OF_FAILURES: readonly QuirkId[] = [
  "finalizeFailureSize",
  "finalizeFailureCharge",
  "copyFaultIgnored",
  "extraPassFailureKeepsImage",
  "freeLeaksOffsets",
  "freeLeaksBuffer",
];

/** Of the operations: a defect shows in many, and they are gone through until it does. */
const SHARES = Array.from({ length: 20 }, (_, index) => ({ index, of: 20 }));

test.each(OF_FAILURES)("%s is found by it", (quirk) => {
  expect(PROFILES.fixed[quirk]).toBe(false);
  const isFound = SHARES.some((share) => failurePoints({ given: { except: [quirk] }, share }).failures.length > 0);
  expect(isFound).toBe(true);
});
