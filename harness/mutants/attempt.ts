// One attempt at one mutant, in the process that runs it: all searches take turns until one finds something or the time
// is up. Nothing here knows what was changed.

import type { Found, Search, Witness } from "./search.js";

/** Plain data: it goes to another process. */
export interface Task {
  readonly seed: number;
  /** Of the search, without loading and shrinking. */
  readonly budgetMs: number;
  readonly shrinkMs: number;
  /** Names of searches; all if absent. */
  readonly searches?: readonly string[];
}

export interface Killed {
  readonly kind: "killed";
  readonly search: string;
  readonly oracle: string;
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  /** Steps of all searches until then. */
  readonly cases: number;
  readonly seconds: number;
}
export interface Survived {
  readonly kind: "survived";
  readonly cases: number;
  readonly seconds: number;
}
export type Attempt = Killed | Survived;

/** How long one search goes on before the next one has its turn. */
const SLICE_MS = 20;

/**
 * @param onKill is told at once, before shrinking begins
 * @returns the witness; undefined if nothing was found
 */
export function attempt(
  task: Task,
  searches: readonly Search[],
  onEnd: (attempt: Attempt) => void,
): Witness | undefined {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const active = searches.filter(({ name }) => task.searches?.includes(name) ?? true);
  let cases = 0;
  while (active.length > 0 && seconds() * 1000 < task.budgetMs) {
    for (const search of [...active]) {
      const turn = takeTurn(search);
      cases += turn.steps;
      if (turn.end === "exhausted") active.splice(active.indexOf(search), 1);
      else if (turn.end !== "nothing") {
        const { oracle, where, expected, actual } = turn.end;
        onEnd({ kind: "killed", search: search.name, oracle, where, expected, actual, cases, seconds: seconds() });
        const until = performance.now() + task.shrinkMs;
        return turn.end.shrink(() => performance.now() < until);
      }
    }
  }
  onEnd({ kind: "survived", cases, seconds: seconds() });
  return undefined;
}

function takeTurn(search: Search): { readonly steps: number; readonly end: Found | "nothing" | "exhausted" } {
  const until = performance.now() + SLICE_MS;
  let steps = 0;
  do {
    const end = search.step();
    if (end !== "exhausted") steps++;
    if (end !== "nothing") return { steps, end };
  } while (performance.now() < until);
  return { steps, end: "nothing" };
}
