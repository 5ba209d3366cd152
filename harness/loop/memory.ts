// What a lane remembers of one kind of case: the points that it reached, and the cases that were worth keeping.

import type { Goals } from "../../properties/cases/kind.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import type { CaseChecker } from "./case-checker.js";
import { type ChunkResult, type Steering, UNSTEERED } from "./chunk.js";
import { mostOf, type ReachedPoint } from "./firsts.js";
import type { Packed, Parent } from "./parents.js";

/** A point that was reached so often is not rare any more, and is not counted further. */
const OFTEN = 16;
/** Cases worth changing that a lane remembers. */
const MOST_KEPT = 400;
/** Characters of a case that is worth keeping: changing and running a large one costs as much as many small ones. */
const LONGEST_KEPT = 6000;
/** Parents for a chunk. */
const PARENTS = 12;
const CHOICE = 0x6368_6f69;

/** A case that was the first of its lane in some points. */
export interface Kept {
  readonly index: number;
  /** Case file text. */
  readonly text: string;
  readonly points: readonly string[];
}

/** What one chunk taught. */
export interface Learned {
  /** Point and by how much its count rises. */
  readonly hits: readonly (readonly [point: string, times: number])[];
  readonly kept: readonly Kept[];
  readonly gain: Gain;
}

/** Cases, and the points that they were the first of the lane to reach. */
export interface Gain {
  readonly fresh: Yield;
  readonly mutants: Yield;
}
type Yield = readonly [cases: number, points: number];

/** What a chunk gained. @param news points that the lane had not reached before */
export function gainOf(
  { mutants, sums: { cases } }: Pick<ChunkResult, "mutants" | "sums">,
  news: readonly ReachedPoint[],
): Gain {
  const changed = new Set(mutants);
  const fromMutants = news.filter(([, , first]) => changed.has(first)).length;
  return { fresh: [cases - mutants.length, news.length - fromMutants], mutants: [mutants.length, fromMutants] };
}

const NO_GAIN: Gain = { fresh: [0, 0], mutants: [0, 0] };
/** What was gained counts for less with every chunk. */
const FADING = 0.9;
/** A mutant takes longer to make. */
const MUTANT_COST = 1.5;

/** The cases that were the first of the lane to reach a point: those that reached most. */
export function firstsOf(news: readonly ReachedPoint[], textOf: (index: number) => string): readonly Kept[] {
  return mostOf(news).flatMap(([index, found]) => {
    const text = textOf(index);
    return text.length > LONGEST_KEPT ? [] : [{ index, text, points: found }];
  });
}

export class Memory {
  readonly hits = new Map<string, number>();
  kept: Kept[] = [];
  gain: Gain = NO_GAIN;
  private readonly packed = new WeakMap<Kept, Packed>();
  private goals: Goals | undefined;

  /** How often each point rises, out of how often a chunk reached it. */
  risesOf(reached: Iterable<readonly [string, number, ...unknown[]]>): (readonly [string, number])[] {
    const rises: (readonly [string, number])[] = [];
    for (const [point, times] of reached) {
      const rise = Math.min(times, OFTEN - (this.hits.get(point) ?? 0));
      if (rise > 0) rises.push([point, rise]);
    }
    return rises;
  }

  learn({ hits, kept, gain }: Learned): void {
    this.gain = { fresh: faded(this.gain.fresh, gain.fresh), mutants: faded(this.gain.mutants, gain.mutants) };
    for (const [point, times] of hits) {
      this.hits.set(point, (this.hits.get(point) ?? 0) + times);
      this.goals?.learn(point, times);
    }
    this.kept.push(...kept);
    if (this.kept.length > MOST_KEPT) this.forget();
  }

  /** What the next chunk is steered by; it begins with case `index`. */
  steering(checker: CaseChecker, seed: number, index: number): Steering<Parent> {
    if (this.kept.length === 0 || checker.kind.change === undefined) return UNSTEERED;
    const draw = new Draw(randomSource((seed ^ CHOICE) >>> 0, index));
    return { mutants: this.share(), parents: this.parents(draw), goals: this.goalsOf(checker)?.choose(draw) ?? [] };
  }

  /** They have learned what the lane has. */
  private goalsOf({ kind }: CaseChecker): Goals | undefined {
    if (this.goals !== undefined || kind.goals === undefined) return this.goals;
    this.goals = kind.goals();
    for (const [point, times] of this.hits) this.goals.learn(point, times);
    return this.goals;
  }

  /** Of a hundred cases: as many mutants as they have gained lately, in comparison. */
  private share(): number {
    const rate = ([cases, points]: Yield): number => (points + 1) / (cases + 4);
    const mutants = rate(this.gain.mutants) / MUTANT_COST;
    return Math.round(Math.min(90, Math.max(10, (100 * mutants) / (mutants + rate(this.gain.fresh)))));
  }

  /** Cases to change, the rarer their points and the smaller they are the likelier. */
  private parents(draw: Draw): readonly Parent[] {
    const weights = this.kept.map((kept) => this.rarity(kept));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return Array.from({ length: PARENTS }, () => {
      let left = (draw.word() / 2 ** 32) * sum;
      const chosen = weights.findIndex((weight) => {
        left -= weight;
        return left < 0;
      });
      const kept = this.kept.at(chosen)!;
      return this.packed.get(kept) ?? { index: kept.index, text: kept.text };
    });
  }

  /** A worker has read parents that it was given as text. */
  keepPacked(parents: readonly Packed[]): void {
    for (const parent of parents) {
      const kept = this.kept.find(({ index }) => index === parent.index);
      if (kept !== undefined) this.packed.set(kept, parent);
    }
  }

  private rarity({ points, text }: Kept): number {
    let rarity = 0;
    for (const point of points) rarity += 1 / (this.hits.get(point) ?? 1) ** 2;
    return rarity / text.length;
  }

  /** Keep the rarer three quarters, in their order. */
  private forget(): void {
    const limit = this.kept.map((kept) => this.rarity(kept)).sort((a, b) => b - a)[Math.floor(0.75 * MOST_KEPT)]!;
    this.kept = this.kept.filter((kept) => this.rarity(kept) > limit);
  }
}

const faded = ([cases, points]: Yield, [more, gained]: Yield): Yield => [
  cases * FADING + more,
  points * FADING + gained,
];
