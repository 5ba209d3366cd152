// Making a corpus smaller without losing anything: an entry that fails is shrunk to the simplest one that fails in the same
// way; of those that agree, the fewest that together reach every coverage point are named. That is for kinds whose points
// a campaign aims for, as programs; of the others all are needed.

import type { Engine } from "../../engines/engine.js";
import { failsLike } from "../../properties/cases/kind.js";
import { within } from "../../properties/cases/shrink.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Trials } from "../loop/trial.js";
import type { Entry } from "./entry.js";

interface MinimizeBudget {
  readonly runs: number;
  readonly ms: number;
}

/** The shrunk case's text. Undefined if the entry agrees with the reference: then there is nothing to shrink. */
export function shrinkEntry({ kind, value, head }: Entry, engine: Engine, budget: MinimizeBudget): string | undefined {
  if (head.breach === true) return undefined;
  const checker = kind.checker(defaultSubject, [engine]);
  const found = checker.check(value).verdict;
  if (found.kind !== "disagree") return undefined;
  const shrunk = kind.minimize(value, within(budget.ms, failsLike(checker, found)), budget.runs);
  return kind.print(shrunk, { oracle: head.oracle });
}

interface Cover {
  /** Programs in the order chosen, each adds the most points that those before it do not have; then the other kinds. */
  readonly needed: readonly Entry[];
  /** Everything that they reach is reached by the others. */
  readonly redundant: readonly Entry[];
  readonly points: number;
}

/** Greedy set cover over the points that each one reaches; smaller files first where two are equal. */
export function coverOf(entries: readonly Entry[], trials: Trials): Cover {
  const reached = new Map<Entry, ReadonlySet<string>>();
  const others: Entry[] = [];
  for (const entry of entries) {
    if (entry.kind.goals === undefined) others.push(entry);
    else reached.set(entry, new Set(trials[entry.kind.name]!.check(entry.value, "points").points));
  }
  const left = [...reached.keys()].sort((a, b) => a.text().length - b.text().length);
  const covered = new Set<string>();
  const needed: Entry[] = [];
  for (;;) {
    let best: Entry | undefined;
    let most = 0;
    for (const entry of left) {
      const gain = [...reached.get(entry)!].filter((point) => !covered.has(point)).length;
      if (gain > most) [best, most] = [entry, gain];
    }
    if (best === undefined) break;
    needed.push(best);
    left.splice(left.indexOf(best), 1);
    for (const point of reached.get(best)!) covered.add(point);
  }
  return { needed: [...needed, ...others], redundant: left, points: covered.size };
}
