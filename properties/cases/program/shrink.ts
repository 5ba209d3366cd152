// Making a failing program smaller, on the structure of the case itself: every candidate is valid.

import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { descend, type Pass, type Shrinker, type StillFails } from "../shrink.js";
import {
  fewerInputs,
  fewerMaps,
  fewerPrograms,
  nearlyNothing,
  overCode,
  plainerEnvironment,
  plainerInputs,
} from "./shrink/case.js";
import {
  calls,
  constants,
  deletions,
  displacements,
  exits,
  foldings,
  jumps,
  layouts,
  renamings,
  replacements,
} from "./shrink/edits.js";
import { isolated } from "./shrink/isolate.js";
import { weigh } from "./shrink/weight.js";
import { isSound } from "./soundness.js";

const PASSES: readonly Pass<Case>[] = [
  nearlyNothing,
  isolated,
  fewerInputs,
  fewerPrograms,
  overCode(deletions),
  overCode(layouts),
  overCode(exits),
  overCode(foldings),
  overCode(displacements),
  overCode(calls),
  overCode(jumps),
  fewerMaps,
  overCode(replacements),
  overCode(renamings),
  overCode(constants),
  plainerEnvironment,
  plainerInputs,
];

export const SHRINKER: Shrinker<Case> = {
  passes: PASSES,
  weigh,
  /** A sound case is shrunk to sound cases. */
  standard(start) {
    const sound = isSound(start);
    return (candidate) => validate(candidate.program).ok && (!sound || isSound(candidate));
  },
};

/** @param budget how often `stillFails` may be asked */
export const minimize = (start: Case, stillFails: StillFails<Case>, budget: number): Case =>
  descend(SHRINKER, start, stillFails, budget);

/** Whether something is a case that can be shrunk: of that shape, and valid. */
export function isCase(value: unknown): value is Case {
  if (typeof value !== "object" || value === null) return false;
  const { program, inputs, env } = value as Partial<Case>;
  if (!Array.isArray(inputs) || inputs.length === 0 || !inputs.every((input) => input instanceof Uint8Array))
    return false;
  if (env === undefined || !Array.isArray(program?.code) || !Array.isArray(program.maps)) return false;
  return program.code.every((code) => Array.isArray(code) && code.every((slot) => slot?.row !== undefined));
}
