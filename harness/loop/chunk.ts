// A run of cases of one kind, checked by one worker. The worker keeps nothing between chunks but its checkers, so one that
// dies takes nothing with it. A case depends on the seed, its index and the parents that its chunk was given, and on
// nothing else: chunks may be cut and spread over workers in any way.

import { type Cost, NO_COST } from "../../properties/cases/kind.js";
import { describeDifference } from "../../properties/differences/same-code.js";
import { type Disagreement, isUncompared, whyUncompared } from "../../properties/verdict.js";
import { missingCore } from "../../subjects/dialect.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import type { ExecutedCode } from "../../subjects/subject.js";
import type { CaseChecker, CaseCheckers } from "./case-checker.js";
import { type Cause, causeOf } from "./cause.js";
import { type Draft, Drafts, type Hints } from "./drafts.js";
import type { ReachedPoint } from "./firsts.js";
import { type Packed, type Parent, readParents } from "./parents.js";
import { portions } from "./portions.js";

/** What a chunk's cases are steered by. `P`: cases, or what a worker reads them from. */
export interface Steering<P> {
  /** Of a hundred cases, those that are changes of a parent. */
  readonly mutants: number;
  readonly parents: readonly P[];
  /** What was seen least. */
  readonly goals: readonly unknown[];
}
export const UNSTEERED: Steering<never> = { mutants: 0, parents: [], goals: [] };

export interface ChunkTask {
  readonly kind: "chunk";
  /** Name of the kind. */
  readonly of: string;
  readonly seed: number;
  /** In order. Those that have stopped a worker are left out. */
  readonly indexes: readonly number[];
  readonly steering: Steering<Parent>;
  /** Coverage points are noticed where the index is a multiple of it; 0: nowhere. */
  readonly pointsEvery: number;
  /** Leave out the rest of the chunk after the first failure. */
  readonly stopAtFirst?: boolean;
  /** What is known, for drafts; without it there are none. */
  readonly hints?: Hints;
  /** Two words: how many cases were begun, and whether the last of them is being checked by now. */
  readonly heartbeat: Int32Array;
}

/** A case that failed, and how: of the first time it was checked. */
export interface Suspect extends Pick<Disagreement, "where" | "expected" | "got"> {
  readonly index: number;
  readonly cause: Cause;
}

export interface Sums extends Cost {
  readonly cases: number;
  readonly passed: number;
  /** Those that need what the subject lacks: of the incomparable ones. */
  readonly refused: number;
}
export const NO_SUMS: Sums = { cases: 0, passed: 0, refused: 0, ...NO_COST };
const SUMS = Object.keys(NO_SUMS) as (keyof Sums)[];

/** What an older campaign did not count is 0. */
export const addSums = (a: Sums, b: Partial<Sums>): Sums =>
  Object.fromEntries(SUMS.map((key) => [key, a[key] + (b[key] ?? 0)])) as unknown as Sums;

export interface Uncompared {
  readonly times: number;
  readonly first: number;
}

/** Plain data: it crosses a thread boundary. */
export interface ChunkResult {
  readonly sums: Sums;
  /** By reason: how many, and the index of the first. */
  readonly incomparable: Readonly<Record<string, Uncompared>>;
  /** Other code than our own JIT's, where it must be the same: by cause, how many, and the index of the first. */
  readonly differences: Readonly<Record<string, Uncompared>>;
  /** Ids of the instruction rows that compared cases ran. */
  readonly rows: readonly string[];
  /** Cases by bucket of `SIZE_LIMITS`. */
  readonly sizes: readonly number[];
  /** Cases whose coverage points were noticed. */
  readonly looked: number;
  readonly points: readonly ReachedPoint[];
  readonly suspects: readonly Suspect[];
  /** Indexes of the cases that were changes of a parent. */
  readonly mutants: readonly number[];
  readonly drafts: readonly Draft[];
  /** Parents that came as text. */
  readonly packed: readonly Packed[];
  /** Code of the subject that the worker has executed until then. */
  readonly executed: readonly ExecutedCode[];
}

/** Upper ends of the size buckets, in slots; a last bucket holds what is larger. */
export const SIZE_LIMITS = [8, 16, 32, 64, 128, 256, 512, 1024] as const;
export const noSizes = (): number[] => new Array<number>(SIZE_LIMITS.length + 1).fill(0);

const sizeBucket = (slots: number): number => {
  const bucket = SIZE_LIMITS.findIndex((limit) => slots <= limit);
  return bucket < 0 ? SIZE_LIMITS.length : bucket;
};

export function runChunk(task: ChunkTask, checkers: CaseCheckers): ChunkResult {
  const { pointsEvery, hints } = task;
  const checker = checkers[task.of]!;
  const parents = readParents(checker.kind, task.steering.parents);
  const steering = { ...task.steering, parents: parents.cases };
  const drafts = hints && new Drafts(checker, task.seed, hints);
  const sums = { ...NO_SUMS };
  const incomparable: Record<string, Uncompared> = {};
  const differences: Record<string, Uncompared> = {};
  const rows = new Set<string>();
  const sizes = noSizes();
  const points = new Map<string, { times: number; readonly first: number }>();
  const suspects: Suspect[] = [];
  const mutants: number[] = [];
  let looked = 0;
  for (const { index, case: c, isMutant } of casesOf(task, checker, steering)) {
    if (isMutant) mutants.push(index);
    const looks = pointsEvery > 0 && index % pointsEvery === 0;
    const tried = checker.check(c, looks ? "points" : "rows");
    const { verdict, cost, difference } = tried;
    if (difference !== undefined) countIn(differences, describeDifference(difference), index);
    sums.cases++;
    for (const key of COSTS) sums[key] += cost[key];
    sizes[sizeBucket(cost.slots)]! += 1;
    if (looks) looked++;
    for (const point of tried.points) {
      const entry = points.get(point);
      if (entry === undefined) {
        points.set(point, { times: 1, first: index });
        drafts?.reached(point, index, c);
      } else entry.times++;
    }
    if (isUncompared(verdict)) {
      countIn(incomparable, whyUncompared(verdict), index);
      if (verdict.kind === "refused") sums.refused++;
      continue;
    }
    for (const row of tried.rows) rows.add(row);
    if (verdict.kind === "agree") {
      sums.passed++;
      continue;
    }
    const { where, expected, got } = verdict;
    suspects.push({ index, cause: causeOf(checker, c, verdict), where, expected, got });
    if (task.stopAtFirst === true) break;
  }
  const reached = [...points].map(([point, { times, first }]) => [point, times, first] as const);
  return {
    sums,
    incomparable,
    differences,
    rows: [...rows],
    sizes,
    looked,
    points: reached,
    suspects,
    mutants,
    drafts: drafts?.written(reached) ?? [],
    packed: parents.packed,
    executed: checker.executed(),
  };
}

/** In order, each when it is to be checked. They are made some at a time. */
function* casesOf(
  { seed, indexes, heartbeat }: ChunkTask,
  checker: CaseChecker,
  steering: Steering<unknown>,
): Generator<Made & { readonly index: number }> {
  const make = (n: number): Made => {
    beat(heartbeat, n + 1, 0);
    return caseAt(checker, seed, indexes[n]!, steering);
  };
  for (const { first, made } of portions(indexes.length, make, (one) => checker.kind.size(one.case))) {
    checker.announce(
      made.map((one) => one.case),
      (n) => beat(heartbeat, first + n + 1, 1),
    );
    for (const [n, { case: c, isMutant }] of made.entries()) {
      beat(heartbeat, first + n + 1, 1);
      yield { index: indexes[first + n]!, case: c, isMutant };
    }
  }
}

function countIn(counts: Record<string, Uncompared>, what: string, index: number): void {
  const { times = 0, first = index } = counts[what] ?? {};
  counts[what] = { times: times + 1, first };
}

const COSTS = Object.keys(NO_COST) as (keyof Cost)[];

function beat(heartbeat: Int32Array, begun: number, checking: number): void {
  Atomics.store(heartbeat, 1, checking);
  Atomics.store(heartbeat, 0, begun);
}

/** Another sequence than that of the fresh case with the same index. */
const MUTATION = 0x6d75_7461;

interface Made {
  readonly case: unknown;
  readonly isMutant: boolean;
}

/**
 * A fresh case, or a change of one that reached something rare.
 * @throws Error that names the case if its generator fails: a slip of ours, after which there is nothing to check
 */
export function caseAt(
  { kind, dialect, adapt }: CaseChecker,
  seed: number,
  index: number,
  steering: Steering<unknown>,
): Made {
  const { mutants, parents, goals } = steering;
  try {
    if (parents.length > 0) {
      const draw = new Draw(randomSource((seed ^ MUTATION) >>> 0, index));
      if (draw.chance(mutants)) {
        const mutant = kind.change?.(draw.pick(parents), draw.pick(parents), draw, goals, dialect);
        if (mutant !== undefined) return { case: adapt(mutant), isMutant: true };
      }
    }
    return { case: adapt(kind.fresh(seed, index, dialect)), isMutant: false };
  } catch (error) {
    const missing = dialect && missingCore(dialect);
    if (missing !== undefined) throw new Error(`the subject does not take ${missing}, of which every program is made`);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the generator failed on case ${index} of ${kind.name}, seed ${seed}: ${why}`, { cause: error });
  }
}
