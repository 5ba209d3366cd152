// Shrinking without fast-check: the gate has a case that fails and wants the simplest one that still does. The same
// passes as in `shrink.ts`, each repeated to its own fixed point and going on where it last succeeded, which takes far
// fewer runs than starting over.

import type { Case } from "../case.js";
import { isCandidate, PASSES, type Standard, standardOf } from "./shrink.js";
import type { Pass } from "./shrink-case.js";
import { weigh } from "./shrink-weight.js";

/** Rounds over all passes: the last one changes nothing. */
const MAX_ROUNDS = 50;

/**
 * The simplest case found from `start` on for which `stillFails` holds.
 * @param budget how often `stillFails` may be asked. With enough of it no single edit makes the result simpler.
 */
export function minimize(start: Case, stillFails: (candidate: Case) => boolean, budget: number): Case {
  const search: Search = { best: start, standard: standardOf(start), stillFails, left: budget };
  for (let round = 0; round < MAX_ROUNDS && search.left > 0; round++) {
    const before = search.best;
    for (const pass of PASSES) while (improve(search, pass) && search.left > 0);
    if (search.best === before) break;
  }
  return search.best;
}

interface Search {
  best: Case;
  standard: Standard;
  readonly stillFails: (candidate: Case) => boolean;
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
    search.standard = { ...search.standard, weight: weigh(next.value) };
    tried = next.tried;
    improved = true;
  }
}

/** The first candidate behind the first `skip` that fails, and how many lie before it. */
function firstFailing(search: Search, pass: Pass, skip: number): { value: Case; tried: number } | undefined {
  let tried = 0;
  for (const candidate of pass(search.best)) {
    if (tried++ < skip || !isCandidate(candidate, search.standard)) continue;
    if (search.left <= 0) return undefined;
    search.left--;
    if (search.stillFails(candidate)) return { value: candidate, tried: tried - 1 };
  }
  return undefined;
}
