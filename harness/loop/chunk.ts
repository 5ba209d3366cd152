// A run of consecutive trials of one lane and one kind, checked by one worker. The worker keeps nothing between chunks, so
// one that dies takes nothing with it.

import { type Cost, NO_COST } from "../../properties/cases/kind.js";
import { type Cause, causeOf } from "./cause.js";
import { caseAt, type Steering } from "./generate.js";
import type { Trial, Trials } from "./trial.js";

/** The same for another thread. */
export interface PackedSteering extends Omit<Steering, "parents"> {
  readonly parents: readonly unknown[];
}
export const packSteering = ({ kind: { pack } }: Trial, steering: Steering): PackedSteering => ({
  ...steering,
  parents: pack === undefined ? steering.parents : steering.parents.map(pack),
});

export interface ChunkTask {
  readonly kind: "chunk";
  /** Id of the kind of trial. */
  readonly of: string;
  readonly seed: number;
  /** Campaign indexes, in order. Those that have stopped a worker are left out. */
  readonly indexes: readonly number[];
  readonly steering: PackedSteering;
  /** Two words: how many trials were begun, and whether the last of them is being checked by now. */
  readonly heartbeat: Int32Array;
}

/** A case that failed. */
export interface Suspect {
  readonly index: number;
  readonly cause: Cause;
}

export interface Sums extends Cost {
  readonly trials: number;
  readonly passed: number;
}

/** Plain data: it crosses a thread boundary. */
export interface ChunkResult extends Sums {
  /** By reason. */
  readonly incomparable: Readonly<Record<string, number>>;
  /** Cell, trials that reached it, index of the first of them. */
  readonly cells: readonly (readonly [cell: string, times: number, first: number])[];
  readonly suspects: readonly Suspect[];
  /** Indexes of the trials that were changes of a parent. */
  readonly mutants: readonly number[];
}

export function runChunk({ of, seed, indexes, steering: packed, heartbeat }: ChunkTask, trials: Trials): ChunkResult {
  const trial = trials[of]!;
  const { unpack } = trial.kind;
  const steering = unpack === undefined ? packed : { ...packed, parents: packed.parents.map(unpack) };
  const sum = { trials: 0, passed: 0, ...NO_COST };
  const incomparable: Record<string, number> = {};
  const cells = new Map<string, { times: number; readonly first: number }>();
  const suspects: Suspect[] = [];
  const mutants: number[] = [];
  for (const [n, index] of indexes.entries()) {
    beat(heartbeat, n + 1, 0);
    const { case: c, isMutant } = caseAt(trial, seed, index, steering);
    if (isMutant) mutants.push(index);
    beat(heartbeat, n + 1, 1);
    const { verdict: judged, points: reached, cost } = trial.check(c, "points");
    sum.trials++;
    for (const key of COSTS) sum[key] += cost[key];
    for (const cell of reached) {
      const entry = cells.get(cell);
      if (entry === undefined) cells.set(cell, { times: 1, first: index });
      else entry.times++;
    }
    if (judged.kind === "agree") sum.passed++;
    else if (judged.kind === "incomparable") incomparable[judged.why] = (incomparable[judged.why] ?? 0) + 1;
    const cause = causeOf(trial, c, judged);
    if (cause !== undefined) suspects.push({ index, cause });
  }
  const reached = [...cells].map(([cell, { times, first }]) => [cell, times, first] as const);
  return { ...sum, incomparable, cells: reached, suspects, mutants };
}

const COSTS = Object.keys(NO_COST) as (keyof Cost)[];

function beat(heartbeat: Int32Array, begun: number, checking: number): void {
  Atomics.store(heartbeat, 1, checking);
  Atomics.store(heartbeat, 0, begun);
}
