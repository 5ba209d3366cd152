// What is tried exhaustively, cut into tasks for workers: short histories of allocations and frees on small packs, one
// length after another; pokes of every range; every step that can fail, told to fail. Tasks and results are plain data.

import {
  type AllocFreeHistory,
  type AllocFreeScope,
  AllocFreeSearch,
  type Expansion,
  expand,
} from "../../properties/exhaustive/alloc-free.js";
import { failurePoints } from "../../properties/exhaustive/failure-points.js";
import { pokesOfEveryRange, type Ranges } from "../../properties/exhaustive/pokes.js";
import type { Subject } from "../../subjects/subject.js";

export type ExhaustiveTask =
  | { readonly kind: "failurePoints" }
  /** All histories that are one action longer than these. */
  | { readonly kind: "allocFree"; readonly scope: AllocFreeScope; readonly histories: readonly AllocFreeHistory[] }
  | {
      readonly kind: "pokes";
      readonly ranges: Ranges;
      readonly share: { readonly index: number; readonly of: number };
    };

export interface ExhaustiveResult {
  readonly tried: number;
  /** One line each; the first few. */
  readonly failures: readonly string[];
  /** Of `allocFree`. */
  readonly states?: Expansion["states"];
}

const POKED_BYTES = 8192;

export function runExhaustive(task: ExhaustiveTask, subject: Subject): ExhaustiveResult {
  switch (task.kind) {
    case "failurePoints": {
      const { failures, points, pairs } = failurePoints({}, subject);
      return { tried: points + pairs, failures };
    }
    case "allocFree":
      return expand(task.scope, task.histories, subject);
    case "pokes":
      return pokesOfEveryRange({ bytes: POKED_BYTES, ranges: task.ranges, share: task.share }, subject);
    default:
      return task satisfies never;
  }
}

const CHUNKS = 16;
const ALL_SIZES = Array.from({ length: CHUNKS + 1 }, (_, i) => i + 1);
/** One chunk, a few, half of a pack, all of it, more than it. */
const TELLING_SIZES = [1, 3, 8, CHUNKS, CHUNKS + 1];

const SCOPES: readonly AllocFreeScope[] = [
  /** All of what one pack can go through, up to the action that needs a second one. */
  { packChunks: CHUNKS, sizes: ALL_SIZES, length: 7, packs: 1 },
  { packChunks: CHUNKS, sizes: ALL_SIZES, length: 4, packs: Number.POSITIVE_INFINITY },
  { packChunks: CHUNKS, sizes: TELLING_SIZES, length: 7, packs: Number.POSITIVE_INFINITY },
];
const SHARES = 16;
/** Histories of a task. */
const BATCH = 500;

type RunTasks = (tasks: readonly ExhaustiveTask[]) => Promise<readonly ExhaustiveResult[]>;

export interface Exhausted {
  /** How many were tried: histories, pokes, failure points. */
  readonly allocFree: number;
  readonly pokes: number;
  readonly failurePoints: number;
  readonly failures: readonly { readonly part: string; readonly got: string }[];
}

export async function exhaust(run: RunTasks, ranges: Ranges, stop: AbortSignal, scopes = SCOPES): Promise<Exhausted> {
  const shares = Array.from({ length: SHARES }, (_, index) => ({
    kind: "pokes" as const,
    ranges,
    share: { index, of: SHARES },
  }));
  const [points, ...pokes] = await run([{ kind: "failurePoints" }, ...shares]);
  const allocFree = await exploreAllocFree(run, stop, scopes);
  const failuresOf = (part: string, results: readonly ExhaustiveResult[]) =>
    results.flatMap(({ failures }) => failures.map((got) => ({ part, got })));
  return {
    allocFree: allocFree.tried,
    pokes: pokes.reduce((sum, { tried }) => sum + tried, 0),
    failurePoints: points?.tried ?? 0,
    failures: [
      ...failuresOf("failurePoints", points === undefined ? [] : [points]),
      ...failuresOf("pokes", pokes),
      ...failuresOf("allocFree", [allocFree]),
    ],
  };
}

/** Ends with the length at which something breaks. */
async function exploreAllocFree(
  run: RunTasks,
  stop: AbortSignal,
  scopes: readonly AllocFreeScope[],
): Promise<ExhaustiveResult> {
  let tried = 0;
  for (const scope of scopes) {
    const search = new AllocFreeSearch(scope);
    while (search.next.length > 0 && !stop.aborted) {
      const { next } = search;
      const batches = Array.from({ length: Math.ceil(next.length / BATCH) }, (_, i) => ({
        ...{ kind: "allocFree" as const, scope, histories: next.slice(i * BATCH, (i + 1) * BATCH) },
      }));
      const expansions = await run(batches);
      tried += expansions.reduce((sum, expansion) => sum + expansion.tried, 0);
      const failures = expansions.flatMap((expansion) => expansion.failures);
      if (failures.length > 0) return { tried, failures };
      search.learn(expansions.map((expansion) => ({ states: [], ...expansion })));
    }
  }
  return { tried, failures: [] };
}
