// One attempt at one mutant, in the process that runs it: all searches take turns until one finds something or the time
// is up, in shares of it. Nothing here knows what was changed.

import type { Found, Search, Witness } from "./search.js";

/** Plain data: it goes to another process. */
export interface Task {
  readonly seed: number;
  /** Processor time of the search, without loading and shrinking; and of shrinking: 0 for no witness. */
  readonly budgetMs: number;
  readonly shrinkMs: number;
  /** Names of searches; all but the baselines if absent. */
  readonly searches?: readonly string[];
  /** Baselines that run beside the others. */
  readonly beside?: readonly string[];
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
  /** Processor time. */
  readonly seconds: number;
}
export interface Survived {
  readonly kind: "survived";
  readonly cases: number;
  readonly seconds: number;
}
export type Attempt = Killed | Survived;

/** How long one search goes on, by the clock, before it is asked who comes next. */
const SLICE_MS = 20;

/** Processor time that this process has used, in seconds: what a run costs however busy the machine is. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * @param onEnd is told at once, before shrinking begins
 * @returns the witness; undefined if nothing was found, or there is no time to make it smaller
 */
export function attempt(
  task: Task,
  searches: readonly Search[],
  onEnd: (attempt: Attempt) => void,
): Witness | undefined {
  const started = processorSeconds();
  const seconds = (): number => processorSeconds() - started;
  const active = searches
    .filter(
      ({ name, isBaseline }) =>
        task.searches?.includes(name) ?? (isBaseline === undefined || task.beside?.includes(name)),
    )
    .map((search) => ({ search, used: 0 }));
  let cases = 0;
  while (active.length > 0 && seconds() * 1000 < task.budgetMs) {
    const next = active.reduce((a, b) => (b.used / b.search.share < a.used / a.search.share ? b : a));
    const began = performance.now();
    const turn = takeTurn(next.search);
    next.used += performance.now() - began;
    cases += turn.steps;
    if (turn.end === "exhausted") active.splice(active.indexOf(next), 1);
    else if (turn.end !== "nothing") {
      const { oracle, where, expected, actual } = turn.end;
      onEnd({ kind: "killed", search: next.search.name, oracle, where, expected, actual, cases, seconds: seconds() });
      if (task.shrinkMs === 0) return undefined;
      const until = processorSeconds() + task.shrinkMs / 1000;
      return turn.end.shrink(() => processorSeconds() < until);
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
