// Shrinking of cases, on the structure of the case itself: every candidate is valid and simpler by `weigh`, most
// ambitious first. fast-check asks for candidates through `shrinkCase`; `minimize.ts` walks the passes by itself.

import { validate } from "../../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../../subjects/case.js";
import { isSound } from "../soundness.js";
import {
  fewerInputs,
  fewerMaps,
  fewerPrograms,
  nearlyNothing,
  overCode,
  type Pass,
  plainerEnvironment,
  plainerInputs,
} from "./case.js";
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
} from "./edits.js";
import { isolated } from "./isolate.js";
import { isLighter, type Weight, weigh } from "./weight.js";

/** From those that take most away to those that polish. */
export const PASSES: readonly Pass[] = [
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

/** A case to shrink, and what its candidates must be. */
export interface Standard {
  readonly weight: Weight;
  /** A sound case is shrunk to sound cases. */
  readonly sound: boolean;
}

export const standardOf = (value: Case): Standard => ({ weight: weigh(value), sound: isSound(value) });

/** Whether a candidate is worth a try in place of a case of that standard. */
export const isCandidate = (candidate: Case, { weight, sound }: Standard): boolean =>
  isLighter(weigh(candidate), weight) && validate(candidate.program).ok && (!sound || isSound(candidate));

/** Every valid simpler case that one edit leads to. */
export function* shrinkCase(value: Case): Generator<Case> {
  const standard = standardOf(value);
  for (const pass of PASSES) for (const candidate of pass(value)) if (isCandidate(candidate, standard)) yield candidate;
}

/** Whether something is a case that can be shrunk: of that shape, and valid. */
export function isCase(value: unknown): value is Case {
  if (typeof value !== "object" || value === null) return false;
  const { program, inputs, env } = value as Partial<Case>;
  if (!Array.isArray(inputs) || inputs.length === 0 || !inputs.every((input) => input instanceof Uint8Array))
    return false;
  if (env === undefined || !Array.isArray(program?.code) || !Array.isArray(program.maps)) return false;
  return program.code.every((code) => Array.isArray(code) && code.every((slot) => slot?.row !== undefined));
}
