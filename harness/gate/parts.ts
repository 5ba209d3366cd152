// The gate's real parts: generator, stage, shrinker and case files.

import type { Engine } from "../../engines/engine.js";
import { CaseArbitrary } from "../../properties/cases/program/arbitrary.js";
import { minimize } from "../../properties/cases/program/shrink.js";
import { printCase } from "../../properties/cases/program/text.js";
import { within } from "../../properties/cases/shrink.js";
import { stageCheck } from "../../properties/cases/stage-check.js";
import { randomSource } from "../../subjects/random/source.js";
import { type Loaded, refuse } from "../bad-input.js";
import { type LoadedCase, loadCaseText } from "../case-file.js";
import { readEntry } from "../corpus/kinds.js";
import { damageOf } from "../corpus/store.js";
import type { Trials } from "./chunk.js";
import type { GateParts } from "./gate.js";
import { makePool } from "./pool.js";

/** How often, and for how long, shrinking may run candidates. */
const SHRINK_RUNS = 20_000;
const SHRINK_MS = 20_000;

export function gateParts(jobs: number, engines: readonly Engine[]): GateParts {
  const trials = makeTrials(engines);
  return {
    trials,
    pool: makePool(jobs, engines, trials),
    minimize: (c, fails) => minimize(c, within(SHRINK_MS, fails), SHRINK_RUNS),
    print: (c, { title, notes }) => printCase({ ...c, title, notes: notes.map((text) => ({ key: "found", text })) }),
    load: loadLesson,
  };
}

/** A lesson is what its id says, or it is refused. */
function loadLesson(file: string): Loaded<LoadedCase> {
  const entry = readEntry(file);
  const problem = entry.ok ? damageOf(entry.value) : undefined;
  return problem === undefined ? loadCaseText(file) : refuse(problem);
}

export function makeTrials(engines: readonly Engine[]): Trials {
  const cases = new CaseArbitrary();
  return { caseAt: (seed, index) => cases.generate(randomSource(seed, index)).value, check: stageCheck({ engines }) };
}
