// The gate's real parts: generator, stage, shrinker and case files.

import { CaseArbitrary } from "../../properties/arbitraries/case-arbitrary.js";
import { printCase } from "../../properties/case-text.js";
import { checkCase, makeBench } from "../../properties/check.js";
import { loadCaseText } from "../case-file.js";
import type { Trials } from "./chunk.js";
import type { GateParts } from "./gate.js";
import { makePool } from "./pool.js";
import { randomSource } from "./random-source.js";

export function gateParts(jobs: number): GateParts {
  const trials = makeTrials();
  return {
    trials,
    pool: makePool(jobs, () => trials),
    minimize: (c) => c,
    print: (c, { title, notes }) => printCase({ ...c, title, notes: notes.map((text) => ({ key: "found", text })) }),
    load: loadCaseText,
  };
}

export function makeTrials(): Trials {
  const cases = new CaseArbitrary();
  const bench = makeBench({});
  return {
    caseAt: (seed, index) => cases.generate(randomSource(seed, index)).value,
    check: (c) => checkCase(c, bench),
  };
}
