// The search for one mutant, in the process that runs it: all searches take turns until one finds something or the time
// is up, in shares of it. Nothing here knows what was changed.

import type { Found, Search, Witness } from "./searches.js";

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

interface Killed {
  readonly kind: "killed";
  readonly search: string;
  readonly oracle: string;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** Steps of all searches until then. */
  readonly cases: number;
  /** Processor time. */
  readonly seconds: number;
}
interface Survived {
  readonly kind: "survived";
  readonly cases: number;
  readonly seconds: number;
}
export type SearchResult = Killed | Survived;

/** What a mutant throws where nothing expects it to. */
export const crashed = (search: string, error: unknown, cases: number, seconds: number): Killed => ({
  ...{ kind: "killed", search, oracle: "process", where: "the process", expected: "a verdict", got: thrown(error) },
  ...{ cases, seconds },
});

/** With its class, and the first place of our own that it came through. */
function thrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, place] = /\/dist\/(\S+?:\d+):\d+/.exec(error.stack ?? "") ?? [];
  return `${error.name}: ${error.message.split("\n", 1)[0]}${place === undefined ? "" : ` (${place})`}`;
}

/** How long one search goes on, by the clock, before it is asked who comes next; what it has used is processor time. */
const SLICE_MS = 20;

/** Processor time that this process has used, in seconds: what a run costs however busy the machine is. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Of a witness: instructions of a program, or steps of a history, that nobody minds reading. */
const SMALL = 5;
/** Processor time in which the other searches may come with something smaller than what is small already. */
const SECOND_LOOK = 1;

/**
 * @param onEnd is told at once, before shrinking begins
 * @returns the smallest witness; undefined if nothing was found, or there is no time to make it smaller
 */
export function searchMutant(
  task: Task,
  searches: readonly Search[],
  onEnd: (result: SearchResult) => void,
): Witness | undefined {
  const started = processorSeconds();
  const seconds = (): number => processorSeconds() - started;
  const turns = new Turns(
    searches.filter(
      ({ name, isBaseline }) =>
        task.searches?.includes(name) ?? (isBaseline === undefined || task.beside?.includes(name)),
    ),
  );
  let first: ReturnType<Turns["next"]>;
  try {
    first = turns.next(() => seconds() * 1000 < task.budgetMs);
  } catch (error) {
    onEnd(crashed(turns.current, error, turns.cases, seconds()));
    return undefined;
  }
  const { cases } = turns;
  if (first === undefined) {
    onEnd({ kind: "survived", cases, seconds: seconds() });
    return undefined;
  }
  const { oracle, where, expected, got } = first.found;
  onEnd({ kind: "killed", search: first.search, oracle, where, expected, got, cases, seconds: seconds() });
  return task.shrinkMs === 0 ? undefined : smallest(first.found, turns, task.shrinkMs);
}

/**
 * Of what was found first and of what else is found: for as long as there is time if that is not small, and in a second look
 * in any case, since another kind of case may show the same with a single instruction.
 */
function smallest(first: Found, turns: Turns, shrinkMs: number): Witness {
  const end = processorSeconds() + shrinkMs / 1000;
  const left = (): number => end - processorSeconds();
  /** Half of the time that is left, so that there is some for others. */
  const shrunk = (found: Found): Witness => {
    const enough = left() / 2;
    return found.shrink(() => left() > enough);
  };
  let best = shrunk(first);
  const enough = left() - SECOND_LOOK;
  const mayGoOn = (): boolean =>
    best.size !== undefined && best.size > 1 && left() > (best.size > SMALL ? 0 : Math.max(0, enough));
  while (mayGoOn()) {
    const next = turns.next(mayGoOn);
    if (next === undefined) break;
    const other = best.size! > SMALL ? shrunk(next.found) : next.found.shrink(mayGoOn);
    if (other.size !== undefined && other.size < best.size!) best = other;
  }
  return best;
}

/** Searches that take turns, in shares of the processor time, so that a busy machine changes nothing. */
class Turns {
  /** Steps of all of them so far. */
  cases = 0;
  /** Name of the search whose turn it is. */
  current = "";
  private readonly active: { readonly search: Search; used: number }[];

  constructor(searches: readonly Search[]) {
    this.active = searches.map((search) => ({ search, used: 0 }));
  }

  /** What is found next, and by which search; undefined if nothing is. */
  next(mayGoOn: () => boolean): { readonly search: string; readonly found: Found } | undefined {
    const { active } = this;
    while (active.length > 0 && mayGoOn()) {
      const next = active.reduce((a, b) => (b.used / b.search.share < a.used / a.search.share ? b : a));
      const began = processorSeconds();
      const end = this.turn(next.search);
      next.used += processorSeconds() - began;
      if (end === "exhausted") active.splice(active.indexOf(next), 1);
      else if (end !== "nothing") return { search: next.search.name, found: end };
    }
    return undefined;
  }

  private turn(search: Search): Found | "nothing" | "exhausted" {
    this.current = search.name;
    const until = performance.now() + SLICE_MS;
    do {
      const end = search.step();
      if (end !== "exhausted") this.cases++;
      if (end !== "nothing") return end;
    } while (performance.now() < until);
    return "nothing";
  }
}
