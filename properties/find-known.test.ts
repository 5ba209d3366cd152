import { expect, test } from "vitest";
import { referenceEngine } from "../engines/reference/engine.js";
import { defaultSubject } from "../subjects/index.js";
import type { QuirkId, Subject } from "../subjects/subject.js";
import { findKnownDefects } from "./find-known.js";

/** Our own code with these defects, and no others, whatever a history says of them. */
const withDefects = (ids: readonly QuirkId[]): Subject => ({
  ...defaultSubject,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    const load = kernel.loadProgram.bind(kernel);
    kernel.loadProgram = (functions) => {
      const quirks = { ...kernel.env.quirks, ...Object.fromEntries(ids.map((id) => [id, true])) };
      kernel.env = { ...kernel.env, quirks };
      return load(functions);
    };
    return kernel;
  },
});

test.each([
  [[]],
  [["copyFaultIgnored"]],
  [["finalizeFailureSize"]],
  [["finalizeFailureCharge"]],
  [["extraPassFailureKeepsImage"]],
  [["copyFaultIgnored", "finalizeFailureSize", "finalizeFailureCharge", "extraPassFailureKeepsImage"]],
] as const)("failures of a load are told from each other: with %s, these are found", (ids) => {
  const ofLoads = ["copyFaultIgnored", "finalizeFailureSize", "finalizeFailureCharge", "extraPassFailureKeepsImage"];
  const found = findKnownDefects(withDefects(ids), referenceEngine);
  expect(ofLoads.filter((id) => found.has(id as QuirkId))).toEqual(ids);
});
