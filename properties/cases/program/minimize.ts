// Shrinking without fast-check: the gate has a case that fails and wants the simplest one that still does. The same
// passes as in `shrink.ts`.

import type { Case } from "../../../subjects/case.js";
import { descend, type StillFails } from "../shrink.js";
import { isCandidate, PASSES, standardOf } from "./shrink/shrink.js";
import { weigh } from "./shrink/weight.js";

const MOST_ROUNDS = 50;

/**
 * The simplest case found from `start` on for which `stillFails` holds.
 * @param budget how often `stillFails` may be asked. With enough of it no single edit makes the result simpler.
 */
export function minimize(start: Case, stillFails: StillFails<Case>, budget: number): Case {
  const { sound } = standardOf(start);
  return descend(start, {
    passes: PASSES,
    judge: (best) => {
      const standard = { weight: weigh(best), sound };
      return (candidate) => isCandidate(candidate, standard);
    },
    stillFails,
    budget,
    rounds: MOST_ROUNDS,
  });
}
