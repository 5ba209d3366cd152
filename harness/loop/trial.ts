// What a campaign does with one kind of trial beyond what `kinds/kind.ts` says of it: what a case reaches and costs, how
// one that reached something is changed, and what a failure is about.

import type { Kind } from "../../properties/cases/kind.js";
import type { Goal } from "../../properties/cases/program/mutate/aim.js";
import type { Disagreement, Verdict } from "../../properties/verdict.js";
import type { Draw } from "../../subjects/random/draw.js";

export interface Cost {
  /** Of programs. */
  readonly runs: number;
  readonly slots: number;
  readonly words: number;
  /** A64 instructions. */
  readonly executed: number;
  /** Of histories: actions performed. */
  readonly steps: number;
}
export const NO_COST: Cost = { runs: 0, slots: 0, words: 0, executed: 0, steps: 0 };

export interface Tried {
  readonly judged: Verdict;
  /** Names of what it reached. No two kinds share one. */
  readonly cells: Iterable<string>;
  readonly cost: Cost;
}

export interface Trial<C> {
  readonly kind: Kind<C>;
  /** Never throws. */
  check(c: C): Tried;
  /** The verdict only. */
  judge(c: C): Verdict;
  /** What a failure is about, in a word or two: an instruction row, an action. `?` where nothing can be blamed. */
  blame(c: C, objection: Disagreement): string;
  /** The text of a finding's file: a lesson that fails today. */
  lesson(c: C, about: { readonly title: string; readonly oracle: string; readonly notes: readonly string[] }): string;
  /** Another case from one that was worth keeping and a second one; undefined if nothing came of it. */
  change?(parent: C, other: C, draw: Draw, goals: readonly Goal[]): C | undefined;
  /** What the lane has seen least, out of how often it saw each cell. */
  goals?(hits: ReadonlyMap<string, number>, draw: Draw): readonly Goal[];
  /** For another thread, and back. Without these a case is plain data. */
  pack?(c: C): unknown;
  unpack?(packed: unknown): C;
}

/** One whose cases are only handed on. */
export type AnyTrial = Trial<unknown>;

/** The trials of a campaign, by the id of their kind. */
export type Trials = Readonly<Record<string, AnyTrial>>;
