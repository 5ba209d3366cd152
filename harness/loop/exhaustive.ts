// What is tried exhaustively, cut into tasks for workers: short histories of allocations and frees on small packs, one
// length after another; pokes of every range; every step that can fail, told to fail. Tasks and results are plain data.

import {
  type AllocFreeScope,
  AllocFreeSearch,
  type Expansion,
  expand,
} from "../../properties/exhaustive/alloc-free.js";
import type { AllocFreeHistory } from "../../properties/exhaustive/alloc-free-history.js";
import type { Exhausted, Share } from "../../properties/exhaustive/exhausted.js";
import { failurePoints } from "../../properties/exhaustive/failure-points.js";
import { pokedBytes, pokesOfEveryRange, type Ranges } from "../../properties/exhaustive/pokes.js";
import { twoCpus } from "../../properties/exhaustive/two-cpus.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import type { Subject } from "../../subjects/subject.js";

export type ExhaustiveTask =
  | { readonly kind: "failurePoints" | "twoCpus"; readonly share: Share }
  /** All histories that are one action longer than these. */
  | { readonly kind: "allocFree"; readonly scope: AllocFreeScope; readonly histories: readonly AllocFreeHistory[] }
  | { readonly kind: "pokes"; readonly ranges: Ranges; readonly share: Share };

/** `states`: of `allocFree`. */
export type ExhaustiveResult = Exhausted & Partial<Pick<Expansion, "states">>;

/** What the subject has none of, such as packs, is not tried and named. */
export function runExhaustive(task: ExhaustiveTask, subject: Subject): ExhaustiveResult {
  try {
    return tried(task, subject);
  } catch (error) {
    if (error instanceof NotModelled) return { tried: 0, failures: [], lacking: [error.message] };
    throw error;
  }
}

function tried(task: ExhaustiveTask, subject: Subject): ExhaustiveResult {
  switch (task.kind) {
    case "failurePoints": {
      const { points, pairs, ...result } = failurePoints(task, subject);
      return { ...result, tried: points + pairs };
    }
    case "twoCpus":
      return twoCpus(task, subject);
    case "allocFree":
      return expand(task.scope, task.histories, subject);
    case "pokes":
      return pokesOfEveryRange({ ...task, bytes: pokedBytes(subject) }, subject);
    default:
      return task satisfies never;
  }
}

/** How much is tried. */
interface ExhaustivePlan {
  readonly ranges: Ranges;
  readonly scopes: readonly AllocFreeScope[];
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
/** A new pack of a kernel image takes as long as a hundred allocations: its own code fills it. */
const IMAGE_SCOPES: readonly AllocFreeScope[] = [
  { packChunks: CHUNKS, sizes: [1, 3, 8, CHUNKS], length: 4, packs: 2 },
  /** Holes in one pack, and few histories that need another. */
  { packChunks: CHUNKS, sizes: [1, 2, 5], length: 6, packs: 2 },
];

/** As `--exhaustive` takes it. */
export type HowMuch = "classes" | "full";

export function planFor({ fixed }: Subject, how: HowMuch): ExhaustivePlan {
  if (fixed === undefined) return { ranges: how, scopes: SCOPES };
  if (how === "classes") return { ranges: "few", scopes: IMAGE_SCOPES };
  return { ranges: "classes", scopes: IMAGE_SCOPES.map((scope) => ({ ...scope, length: scope.length + 1 })) };
}

const SHARES = 16;
/** Histories of a task. */
const BATCH = 500;

type RunTasks = (tasks: readonly ExhaustiveTask[]) => Promise<readonly ExhaustiveResult[]>;

export interface ExhaustiveReport {
  /** How many were tried: histories, pokes, failure points, interleavings of two CPUs. */
  readonly allocFree: number;
  readonly pokes: number;
  readonly failurePoints: number;
  readonly twoCpus: number;
  readonly failures: readonly { readonly part: string; readonly got: string }[];
  /** By known defect of the subject, how many ended at it. */
  readonly known: Readonly<Record<string, number>>;
  /** What the subject lacks, so that it was not tried. */
  readonly lacking: readonly string[];
}

/** One part, of all its tasks. */
interface Part {
  readonly part: "failurePoints" | "twoCpus" | "pokes" | "allocFree";
  readonly results: readonly ExhaustiveResult[];
}

/** The parts whose tasks are known at once. */
export type FirstParts = readonly Part[];

export async function firstParts(run: RunTasks, { ranges }: ExhaustivePlan): Promise<FirstParts> {
  const shares = Array.from({ length: SHARES }, (_, index) => ({ share: { index, of: SHARES } }));
  const results = await run([
    ...shares.map(({ share }) => ({ kind: "failurePoints" as const, share })),
    ...shares.map(({ share }) => ({ kind: "twoCpus" as const, share })),
    ...shares.map(({ share }) => ({ kind: "pokes" as const, ranges, share })),
  ]);
  return [
    { part: "failurePoints", results: results.slice(0, SHARES) },
    { part: "twoCpus", results: results.slice(SHARES, 2 * SHARES) },
    { part: "pokes", results: results.slice(2 * SHARES) },
  ];
}

/** @param first all that comes before histories of allocations and frees */
export async function exhaust(
  run: RunTasks,
  { scopes }: ExhaustivePlan,
  first: FirstParts,
  stop: AbortSignal,
): Promise<ExhaustiveReport> {
  const parts: readonly Part[] = [...first, { part: "allocFree", results: await exploreAllocFree(run, stop, scopes) }];
  const [points, cpus, pokes, allocFree] = parts.map(sum);
  return {
    ...{ failurePoints: points!, twoCpus: cpus!, pokes: pokes!, allocFree: allocFree! },
    failures: parts.flatMap(({ part, results }) =>
      results.flatMap(({ failures }) => failures.map((got) => ({ part, got }))),
    ),
    known: knownIn(parts),
    lacking: [...new Set(parts.flatMap(({ results }) => results.flatMap(({ lacking = [] }) => lacking)))],
  };
}

const sum = ({ results }: Part): number => results.reduce((all, { tried }) => all + tried, 0);

function knownIn(parts: readonly Part[]): Record<string, number> {
  const all: Record<string, number> = {};
  const each = parts.flatMap(({ results }) => results.flatMap(({ known = {} }) => Object.entries(known)));
  for (const [id, times] of each) all[id] = (all[id] ?? 0) + times;
  return all;
}

/** Ends with the length at which something breaks. */
async function exploreAllocFree(
  run: RunTasks,
  stop: AbortSignal,
  scopes: readonly AllocFreeScope[],
): Promise<readonly ExhaustiveResult[]> {
  const all: ExhaustiveResult[] = [];
  for (const scope of scopes) {
    const search = new AllocFreeSearch(scope);
    while (search.next.length > 0 && !stop.aborted) {
      const { next } = search;
      const batches = Array.from({ length: Math.ceil(next.length / BATCH) }, (_, i) => ({
        ...{ kind: "allocFree" as const, scope, histories: next.slice(i * BATCH, (i + 1) * BATCH) },
      }));
      const expansions = await run(batches);
      all.push(...expansions);
      if (expansions.some(({ failures }) => failures.length > 0)) return all;
      search.learn(expansions.map((expansion) => ({ states: [], ...expansion })));
    }
  }
  return all;
}
