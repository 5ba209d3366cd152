// The plainest history that still breaks the same oracle, for whoever has one that does. Each pass is repeated to its own
// fixed point and goes on where it last succeeded, which takes far fewer plays than starting over.

import type { History } from "./history.js";
import { PASSES, type Pass, weigh } from "./shrink.js";

/** Rounds over all passes: the last one changes nothing. */
const MOST_ROUNDS = 30;

/** @param budget how often `stillFails` may be asked */
export function minimizeHistory(start: History, stillFails: (candidate: History) => boolean, budget: number): History {
  const search: Search = { best: start, stillFails, left: budget };
  for (let round = 0; round < MOST_ROUNDS && search.left > 0; round++) {
    const before = search.best;
    for (const pass of PASSES) while (search.left > 0 && improve(search, pass));
    if (search.best === before) break;
  }
  return search.best;
}

interface Search {
  best: History;
  readonly stillFails: (candidate: History) => boolean;
  left: number;
}

/** One walk through the candidates of a pass, taking each that fails. @returns whether any did. */
function improve(search: Search, pass: Pass): boolean {
  let improved = false;
  let tried = 0;
  for (;;) {
    const next = firstFailing(search, pass, tried);
    if (next === undefined) return improved;
    search.best = next.value;
    tried = next.tried;
    improved = true;
  }
}

/** The first candidate behind the first `skip` that fails, and how many lie before it. */
function firstFailing(search: Search, pass: Pass, skip: number): { value: History; tried: number } | undefined {
  const weight = weigh(search.best);
  let tried = 0;
  for (const candidate of pass(search.best)) {
    if (tried++ < skip || weigh(candidate) >= weight) continue;
    if (search.left <= 0) return undefined;
    search.left--;
    if (search.stillFails(candidate)) return { value: candidate, tried: tried - 1 };
  }
  return undefined;
}
