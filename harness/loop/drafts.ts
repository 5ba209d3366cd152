// What of a chunk the main thread will probably keep, written by the worker, which has the cases at hand. The main thread
// decides, and what it finds no draft of it makes again by itself: a draft saves time and says nothing else.

import type { CaseChecker } from "./case-checker.js";
import { byFirst, mostOf, newOf, type ReachedPoint } from "./firsts.js";
import { CAMPAIGN, KnownPoints } from "./known-points.js";
import { type SeedFile, seedFile } from "./seeds.js";

/** Which points are known, to the campaign and to the lane of a chunk. */
export interface Hints {
  readonly lane: number;
  /** Of `KnownPoints`. */
  readonly words: Int32Array;
  /** Whether the lane remembers cases. */
  readonly remembers: boolean;
}

/** Plain data: it crosses a thread boundary. */
export interface Draft {
  readonly index: number;
  /** Case file text, of a case that the lane may remember. */
  readonly text?: string;
  /** Of a case that reached what the campaign had not reached. */
  readonly seed?: SeedFile;
}

export class Drafts {
  private readonly known: KnownPoints;
  private readonly cases = new Map<number, unknown>();

  constructor(
    private readonly checker: CaseChecker,
    private readonly seed: number,
    private readonly hints: Hints,
  ) {
    this.known = new KnownPoints(hints.words);
  }

  /** The case is the first of its chunk to reach the point. */
  reached(point: string, index: number, c: unknown): void {
    // What is new to the campaign is new to the lane.
    if (!this.known.has(this.hints.lane, point)) this.cases.set(index, c);
  }

  /** Of all that were the first to reach something. */
  written(points: readonly ReachedPoint[]): readonly Draft[] {
    const { lane, remembers } = this.hints;
    const firsts = points.filter(([, , first]) => this.cases.has(first));
    const news = newOf(firsts, this.known.of(lane));
    const kept = new Set(remembers ? mostOf(news).map(([index]) => index) : []);
    const seeds = byFirst(newOf(news, this.known.of(CAMPAIGN)));
    return [...this.cases].flatMap(([index, c]) => {
      if (!kept.has(index) && !seeds.has(index)) return [];
      return {
        index,
        ...(kept.has(index) && { text: this.checker.kind.print(c) }),
        ...(seeds.has(index) && { seed: seedFile(this.checker, c, { seed: this.seed, index }) }),
      };
    });
  }
}
