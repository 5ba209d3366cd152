// A run of consecutive programs of one lane, checked by one worker. The worker keeps nothing between chunks, so one that
// dies takes nothing with it.

import type { Case } from "../../properties/case.js";
import { type PackedCase, packCase, unpackCase } from "../../properties/packed-case.js";
import type { Check, Checked } from "../check-or-crash.js";
import { type Cause, causeOf } from "./cause.js";
import { type MakeFresh, programAt, type Steering } from "./generate.js";

/** What a worker works with. */
export interface FuzzTrials {
  readonly fresh: MakeFresh;
  /** Check a case, and say which cells it reached. */
  check(c: Case): { readonly checked: Checked; readonly cells: Iterable<string> };
  /** Check only. */
  readonly judge: Check;
}

/** The same as `Steering`, for another thread. */
export interface PackedSteering extends Omit<Steering, "parents"> {
  readonly parents: readonly PackedCase[];
}
export const packSteering = (steering: Steering): PackedSteering => ({
  ...steering,
  parents: steering.parents.map(packCase),
});

export interface ChunkTask {
  readonly kind: "chunk";
  readonly seed: number;
  /** Campaign indexes, in order. Those that have stopped a worker are left out. */
  readonly indexes: readonly number[];
  readonly steering: PackedSteering;
  /** Two words: how many programs were begun, and whether the last of them is being checked by now. */
  readonly heartbeat: Int32Array;
}

/** A program that failed. */
export interface Suspect {
  readonly index: number;
  readonly cause: Cause;
}

export interface Sums {
  readonly programs: number;
  readonly passed: number;
  readonly slots: number;
  readonly words: number;
  /** A64 instructions. */
  readonly executed: number;
  readonly runs: number;
}

/** Plain data: it crosses a thread boundary. */
export interface ChunkResult extends Sums {
  /** By reason. */
  readonly incomparable: Readonly<Record<string, number>>;
  /** Cell, programs that reached it, index of the first of them. */
  readonly cells: readonly (readonly [cell: string, times: number, first: number])[];
  readonly suspects: readonly Suspect[];
  /** Indexes of the programs that were changes of a parent. */
  readonly mutants: readonly number[];
}

export function runChunk({ seed, indexes, steering: packed, heartbeat }: ChunkTask, trials: FuzzTrials): ChunkResult {
  const steering = { ...packed, parents: packed.parents.map(unpackCase) };
  const sum = { programs: 0, passed: 0, slots: 0, words: 0, executed: 0, runs: 0 };
  const incomparable: Record<string, number> = {};
  const cells = new Map<string, { times: number; readonly first: number }>();
  const suspects: Suspect[] = [];
  const mutants: number[] = [];
  for (const [n, index] of indexes.entries()) {
    beat(heartbeat, n + 1, 0);
    const { case: c, isMutant } = programAt(trials.fresh, seed, index, steering);
    if (isMutant) mutants.push(index);
    beat(heartbeat, n + 1, 1);
    const { checked, cells: reached } = trials.check(c);
    const { verdict, slots, words, executed, runs } = checked;
    sum.programs++;
    sum.slots += slots;
    sum.words += words;
    sum.executed += executed;
    sum.runs += runs.length;
    for (const cell of reached) {
      const entry = cells.get(cell);
      if (entry === undefined) cells.set(cell, { times: 1, first: index });
      else entry.times++;
    }
    if (verdict.kind === "agree") sum.passed++;
    else if (verdict.kind === "incomparable") incomparable[verdict.why] = (incomparable[verdict.why] ?? 0) + 1;
    const cause = causeOf(c, checked);
    if (cause !== undefined) suspects.push({ index, cause });
  }
  const reached = [...cells].map(([cell, { times, first }]) => [cell, times, first] as const);
  return { ...sum, incomparable, cells: reached, suspects, mutants };
}

function beat(heartbeat: Int32Array, begun: number, checking: number): void {
  Atomics.store(heartbeat, 1, checking);
  Atomics.store(heartbeat, 0, begun);
}
