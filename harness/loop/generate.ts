// Trial number `index` of a campaign: a fresh one, or a change of one that reached something rare. It depends on the seed,
// the index and the parents that its chunk was given, and on nothing else.

import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import type { Trial } from "./trial.js";

/** Another sequence than that of the fresh case with the same index. */
const MUTATION = 0x6d75_7461;

/** What a chunk's trials are steered by. */
export interface Steering {
  /** Of a hundred trials, those that are changes of a parent. */
  readonly mutants: number;
  readonly parents: readonly unknown[];
  /** What was seen least. */
  readonly goals: readonly unknown[];
}

export const UNSTEERED: Steering = { mutants: 0, parents: [], goals: [] };

export interface Made {
  readonly case: unknown;
  readonly isMutant: boolean;
}

export function caseAt(trial: Trial, seed: number, index: number, steering: Steering): Made {
  const { mutants, parents, goals } = steering;
  if (parents.length > 0) {
    const draw = new Draw(randomSource((seed ^ MUTATION) >>> 0, index));
    if (draw.chance(mutants)) {
      const mutant = trial.kind.change?.(draw.pick(parents), draw.pick(parents), draw, goals);
      if (mutant !== undefined) return { case: mutant, isMutant: true };
    }
  }
  return { case: trial.kind.fresh(seed, index), isMutant: false };
}
