// Making a corpus smaller without losing anything: an entry that fails is shrunk to the simplest one that fails in the same
// way; of the entries that agree, the fewest that together reach every cell are named.

import { parseCase } from "../../properties/case-text.js";
import { causeOf } from "../fuzz/cause.js";
import type { FuzzTrials } from "../fuzz/chunk.js";
import { type Shrunk, shrink } from "../fuzz/shrink.js";
import type { Entry } from "./entry.js";

export interface MinimizeBudget {
  readonly runs: number;
  readonly ms: number;
}

/** Undefined if the entry is not a program, or agrees: then there is nothing to shrink. */
export function shrinkEntry(entry: Entry, trials: FuzzTrials, budget: MinimizeBudget): Shrunk | undefined {
  const text = entry.text();
  const parsed = parseCase(text);
  if (!parsed.ok) return undefined;
  const cause = causeOf(parsed.value, trials.check(parsed.value).checked);
  return cause && shrink({ kind: "shrink", text, cause, ...budget }, trials);
}

export interface Cover {
  /** In the order chosen: each adds the most cells that those before it do not have. */
  readonly needed: readonly Entry[];
  /** Everything that they reach is reached by the others. */
  readonly redundant: readonly Entry[];
  readonly cells: number;
}

/** Greedy set cover over the cells that each entry reaches; smaller files first where two are equal. */
export function coverOf(entries: readonly Entry[], trials: FuzzTrials): Cover {
  const reached = new Map<Entry, ReadonlySet<string>>();
  for (const entry of entries) {
    const parsed = parseCase(entry.text());
    reached.set(entry, new Set(parsed.ok ? trials.check(parsed.value).cells : []));
  }
  const left = [...reached.keys()].sort((a, b) => a.text().length - b.text().length);
  const covered = new Set<string>();
  const needed: Entry[] = [];
  for (;;) {
    let best: Entry | undefined;
    let most = 0;
    for (const entry of left) {
      const gain = [...reached.get(entry)!].filter((cell) => !covered.has(cell)).length;
      if (gain > most) [best, most] = [entry, gain];
    }
    if (best === undefined) break;
    needed.push(best);
    left.splice(left.indexOf(best), 1);
    for (const cell of reached.get(best)!) covered.add(cell);
  }
  return { needed, redundant: left, cells: covered.size };
}
