// What came of the cases of one kind: chunks in index order, summed up until one of them fails or the time is over.

import type { ExecutedCode } from "../../subjects/subject.js";
import type { CaseChecker } from "../loop/case-checker.js";
import {
  addSums,
  type ChunkResult,
  NO_SUMS,
  noSizes,
  type Sums,
  type Suspect,
  UNSTEERED,
  type Uncompared,
} from "../loop/chunk.js";
import { addEmitted, emittedOf } from "../loop/coverage.js";
import { lostSuspect } from "../loop/findings.js";
import type { Pool } from "../loop/pool.js";
import { inParallel, runOrder } from "../loop/run.js";

/** What is tried of one kind. */
export interface KindPlan {
  readonly kind: string;
  /** Index of the first case. */
  readonly from: number;
  /** Infinity for as many as the time allows. */
  readonly cases: number;
  /** No chunk is begun after that long. */
  readonly budgetMs: number;
}

export interface Tally {
  sums: Sums;
  readonly incomparable: Map<string, Uncompared>;
  /** Other code than our own JIT's, by cause. */
  readonly differences: Map<string, Uncompared>;
  /** Ids of the instruction rows that compared cases ran. */
  readonly rows: Set<string>;
  readonly sizes: number[];
  /** By function of the subject, 1 for each word that was executed. */
  readonly executed: Map<string, Uint8Array>;
  /** Cases whose coverage points were noticed, and what they emitted: see `coverage.ts`. */
  looked: number;
  emitted: readonly number[];
  /** How many cases were through when, one entry a chunk. */
  readonly pace: { readonly elapsedMs: number; readonly cases: number }[];
  /** Processor time of all threads, garbage collection included: what other processes do to the clock is not in it. */
  cpuMs: number;
  /** Of histories, a second on one core in the second half of the cases: by then most code is compiled. */
  stepsPerSecond: number;
  /** Of each cause the failure with the lowest index, in order of these; where a part ends with its first failure, one. */
  suspects: readonly TallySuspect[];
}

/** `chunk`: first index of the chunk that it was found in. */
export type TallySuspect = Suspect & { readonly chunk: number };

/** A part that goes on past failures ends with so many causes. */
const MOST_CAUSES = 12;

export const emptyTally = (): Tally => ({
  sums: NO_SUMS,
  incomparable: new Map(),
  differences: new Map(),
  rows: new Set(),
  sizes: noSizes(),
  executed: new Map(),
  looked: 0,
  emitted: [],
  pace: [],
  cpuMs: 0,
  stepsPerSecond: 0,
  suspects: [],
});

interface TallyOptions {
  readonly seed: number;
  readonly pointsEvery: number;
  readonly stop: AbortSignal;
  /** Failures of other causes are looked for until the end. */
  readonly goesOn?: boolean;
  readonly progress?: (cases: number, elapsedMs: number) => void;
}

/**
 * Chunks are begun in index order, and the ones under way when something fails are finished, so the failure with the lowest
 * index is found whatever the number of workers.
 */
export async function tryKind(plan: KindPlan, checker: CaseChecker, pool: Pool, options: TallyOptions): Promise<Tally> {
  const { from, budgetMs } = plan;
  const cases = Math.min(plan.cases, checker.kind.count ?? Number.POSITIVE_INFINITY);
  const started = performance.now();
  const tally = emptyTally();
  const most = options.goesOn === true ? MOST_CAUSES : 1;
  let next = from;
  const until = (end: number) => (): (() => Promise<void>) | undefined => {
    const isOver = performance.now() - started >= budgetMs && next > from;
    if (next >= end || tally.suspects.length >= most || options.stop.aborted || isOver) return undefined;
    const first = next;
    next = Math.min(end, first + checker.kind.chunk);
    const indexes = Array.from({ length: next - first }, (_, i) => first + i);
    return async () => {
      const { seed, pointsEvery } = options;
      const order = { checker, seed, indexes, pointsEvery, stopAtFirst: most === 1, steering: UNSTEERED };
      const found = (suspect: Suspect): void => addSuspect(tally, { ...suspect, chunk: first }, most);
      addChunk(tally, await runOrder(pool, order, (index, lost) => found(lostSuspect(index, lost))), found);
      const elapsedMs = performance.now() - started;
      tally.pace.push({ elapsedMs, cases: tally.sums.cases });
      options.progress?.(tally.sums.cases, elapsedMs);
    };
  };
  const before = process.cpuUsage();
  const half = Number.isFinite(cases) ? from + Math.floor(cases / 2 / checker.kind.chunk) * checker.kind.chunk : from;
  await inParallel(pool.jobs, until(half));
  const { steps } = tally.sums;
  const between = process.cpuUsage();
  await inParallel(pool.jobs, until(from + cases));
  const secondMs = milliseconds(process.cpuUsage(between));
  tally.cpuMs = milliseconds(process.cpuUsage(before));
  tally.stepsPerSecond = secondMs === 0 ? 0 : Math.round((1000 * (tally.sums.steps - steps)) / secondMs);
  return tally;
}

const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

function addChunk(tally: Tally, chunk: ChunkResult, found: (suspect: Suspect) => void): void {
  tally.sums = addSums(tally.sums, chunk.sums);
  addUncompared(tally.incomparable, chunk.incomparable);
  addUncompared(tally.differences, chunk.differences);
  for (const row of chunk.rows) tally.rows.add(row);
  for (const [bucket, n] of chunk.sizes.entries()) tally.sizes[bucket]! += n;
  addExecuted(tally.executed, chunk.executed);
  tally.looked += chunk.looked;
  tally.emitted = addEmitted(tally.emitted, emittedOf(chunk.points));
  for (const suspect of chunk.suspects) found(suspect);
}

function addUncompared(all: Map<string, Uncompared>, more: Readonly<Record<string, Uncompared>>): void {
  for (const [what, { times, first }] of Object.entries(more)) {
    const known = all.get(what) ?? { times: 0, first };
    all.set(what, { times: known.times + times, first: Math.min(known.first, first) });
  }
}

export function addExecuted(all: Map<string, Uint8Array>, more: readonly ExecutedCode[]): void {
  for (const { name, words } of more) {
    const known = all.get(name);
    all.set(name, known === undefined ? words : known.map((is, i) => is | words[i]!));
  }
}

function addSuspect(tally: Tally, suspect: TallySuspect, most: number): void {
  const all = [...tally.suspects, suspect].sort((a, b) => a.index - b.index);
  const isFirst = (one: TallySuspect, at: number): boolean =>
    all.findIndex((other) => isOneCause(one.cause, other.cause)) === at;
  tally.suspects = all.filter(isFirst).slice(0, most);
}

const isOneCause = (a: Suspect["cause"], b: Suspect["cause"]): boolean =>
  a.oracle === b.oracle && a.reason === b.reason && a.what === b.what;

export const incomparableCount = ({ incomparable }: Tally): number =>
  [...incomparable.values()].reduce((sum, { times }) => sum + times, 0);
