// The gate's real parts: generator, stage, shrinker and case files.

import { refuse } from "../bad-input.js";
import type { Trials } from "./chunk.js";
import type { GateParts } from "./gate.js";
import { makePool } from "./pool.js";

export function gateParts(jobs: number): GateParts {
  const trials = makeTrials();
  return {
    trials,
    pool: makePool(jobs, () => trials),
    minimize: (c) => c,
    print: () => "",
    load: (subject) => refuse({ subject, expected: "a case", came: "a file", next: "wait" }),
  };
}

export const makeTrials = (): Trials => ({
  caseAt: () => {
    throw new Error("no generator yet");
  },
  check: () => {
    throw new Error("no stage yet");
  },
});
