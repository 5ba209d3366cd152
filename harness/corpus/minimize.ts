// Making a corpus smaller without losing anything: an entry that fails is shrunk to the simplest one that fails in the same
// way; of those that agree, the fewest that together reach every coverage point are named. That is for kinds whose points
// a campaign aims for, as programs; of the others all are needed. Of a campaign, whose seeds nobody wrote, it is for all.

import type { Engine } from "../../engines/engine.js";
import { failsLike } from "../../properties/cases/kind.js";
import { within } from "../../properties/cases/shrink.js";
import { defaultSubject } from "../../subjects/index.js";
import type { CaseCheckers } from "../loop/case-checker.js";
import { isOfWorker } from "../loop/cause.js";
import { fewestOf } from "./cover.js";
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
  /** What covers the programs, then the other kinds. */
  readonly needed: readonly Entry[];
  /** Everything that they reach is reached by the others. */
  readonly redundant: readonly Entry[];
  readonly points: number;
}

/** Of entries that people wrote or chose: the fewest programs that reach what all programs do. */
export function coverOf(entries: readonly Entry[], checkers: CaseCheckers): Cover {
  const programs = entries.filter(({ kind }) => kind.goals !== undefined);
  const candidates = programs.map((item) => ({ item, points: pointsOf(item, checkers), size: item.text().length }));
  const chosen = new Set(fewestOf(candidates));
  const others = entries.filter(({ kind }) => kind.goals === undefined);
  return {
    needed: [...chosen, ...others],
    redundant: programs.filter((entry) => !chosen.has(entry)),
    points: new Set(candidates.flatMap(({ points }) => [...points])).size,
  };
}

const pointsOf = ({ kind, value }: Entry, checkers: CaseCheckers): ReadonlySet<string> =>
  new Set(checkers[kind.name]!.check(value, "points").points);

interface CampaignCover {
  /** Findings first. */
  readonly needed: readonly Entry[];
  /** Coverage points of the campaign that no entry reaches. */
  readonly missing: readonly string[];
}

/**
 * Of a campaign: all that it found, and of its seeds of every kind the fewest that reach what the campaign reached.
 * @param wanted coverage points of the campaign
 */
export function coverCampaign(
  findings: readonly Entry[],
  seeds: readonly Entry[],
  wanted: ReadonlySet<string>,
  checkers: CaseCheckers,
): CampaignCover {
  const wantedOf = (entry: Entry): Set<string> => {
    const points = isOfWorker({ oracle: entry.head.oracle ?? "" }) ? [] : pointsOf(entry, checkers);
    return new Set([...points].filter((point) => wanted.has(point)));
  };
  const reached = new Set(findings.flatMap((entry) => [...wantedOf(entry)]));
  const candidates = seeds.map((item) => ({ item, points: wantedOf(item), size: item.text().length }));
  const needed = [...findings, ...fewestOf(candidates, reached)];
  for (const { points } of candidates) for (const point of points) reached.add(point);
  return { needed, missing: [...wanted].filter((point) => !reached.has(point)) };
}
