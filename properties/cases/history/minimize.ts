// The plainest history that still breaks the same oracle, for whoever has one that does.

import type { History } from "../../../subjects/action.js";
import { descend, type StillFails } from "../shrink.js";
import { PASSES, weigh } from "./shrink.js";

const MOST_ROUNDS = 30;

/** @param budget how often `stillFails` may be asked */
export function minimizeHistory(start: History, stillFails: StillFails<History>, budget: number): History {
  return descend(start, {
    passes: PASSES,
    judge: (best) => {
      const weight = weigh(best);
      return (candidate) => weigh(candidate) < weight;
    },
    stillFails,
    budget,
    rounds: MOST_ROUNDS,
  });
}
