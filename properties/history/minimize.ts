// The plainest history that still breaks the same oracle, for whoever has one that does. Greedy: the first plainer
// candidate that still fails is taken, until none does or the patience ends.

import type { History } from "./history.js";
import { shrinkHistory } from "./shrink.js";

/** @param budget how often `stillFails` may be asked */
export function minimizeHistory(start: History, stillFails: (candidate: History) => boolean, budget: number): History {
  let best = start;
  let left = budget;
  for (;;) {
    let plainer: History | undefined;
    for (const candidate of shrinkHistory(best)) {
      if (left-- <= 0) return best;
      if (!stillFails(candidate)) continue;
      plainer = candidate;
      break;
    }
    if (plainer === undefined) return best;
    best = plainer;
  }
}
