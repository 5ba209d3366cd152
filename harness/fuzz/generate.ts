// Program number `index` of a campaign: a fresh one, or a change of one that reached something rare. It depends on the
// seed, the index and the parents that its chunk was given, and on nothing else.

import { Draw } from "../../properties/arbitraries/draw.js";
import { mutateCase } from "../../properties/arbitraries/mutate.js";
import type { Goal } from "../../properties/arbitraries/mutate-aim.js";
import type { Case } from "../../properties/case.js";
import { randomSource } from "../gate/random-source.js";

export type MakeFresh = (seed: number, index: number) => Case;

/** Another sequence than that of the fresh program with the same index. */
const MUTATION = 0x6d75_7461;

/** What a chunk's programs are steered by. */
export interface Steering {
  /** Of a hundred programs, those that are changes of a parent. */
  readonly mutants: number;
  readonly parents: readonly Case[];
  /** What was seen least. */
  readonly goals: readonly Goal[];
}

export const UNSTEERED: Steering = { mutants: 0, parents: [], goals: [] };

export interface Made {
  readonly case: Case;
  readonly isMutant: boolean;
}

export function programAt(fresh: MakeFresh, seed: number, index: number, steering: Steering): Made {
  const { mutants, parents, goals } = steering;
  if (parents.length > 0) {
    const draw = new Draw(randomSource((seed ^ MUTATION) >>> 0, index));
    if (draw.chance(mutants)) {
      const mutant = mutateCase(draw.pick(parents), draw.pick(parents), draw, goals);
      if (mutant !== undefined) return { case: mutant, isMutant: true };
    }
  }
  return { case: fresh(seed, index), isMutant: false };
}
