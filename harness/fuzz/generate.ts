// Program number `index` of a campaign: a fresh one, or a change of one that reached something rare. It depends on the
// seed, the index and the parents that its chunk was given, and on nothing else.

import { Draw } from "../../properties/arbitraries/draw.js";
import { mutateCase } from "../../properties/arbitraries/mutate.js";
import type { Case } from "../../properties/case.js";
import { randomSource } from "../gate/random-source.js";

export type MakeFresh = (seed: number, index: number) => Case;

/** Of a hundred programs, those that are changes of a parent. */
const MUTANTS = 60;
/** Another sequence than that of the fresh program with the same index. */
const MUTATION = 0x6d75_7461;

export function programAt(fresh: MakeFresh, seed: number, index: number, parents: readonly Case[]): Case {
  if (parents.length > 0) {
    const draw = new Draw(randomSource((seed ^ MUTATION) >>> 0, index));
    if (draw.chance(MUTANTS)) {
      const mutant = mutateCase(draw.pick(parents), draw.pick(parents), draw);
      if (mutant !== undefined) return mutant;
    }
  }
  return fresh(seed, index);
}
