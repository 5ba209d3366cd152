// Every short history of allocations and frees on small packs, one length after another, each shared among the workers.

import { type AllocFreeScope, AllocFreeSearch, type Exhausted } from "../../properties/exhaustive/alloc-free.js";
import type { SequenceResult, SequenceTask } from "./task.js";

const CHUNKS = 16;
const ALL_SIZES = Array.from({ length: CHUNKS + 1 }, (_, i) => i + 1);
/** One chunk, a few, half of a pack, all of it, more than it. */
const TELLING_SIZES = [1, 3, 8, CHUNKS, CHUNKS + 1];

export const ALLOC_FREE_SCOPES: readonly AllocFreeScope[] = [
  /** All of what one pack can go through, up to the action that needs a second one. */
  { packChunks: CHUNKS, sizes: ALL_SIZES, length: 7, packs: 1 },
  { packChunks: CHUNKS, sizes: ALL_SIZES, length: 4, packs: Number.POSITIVE_INFINITY },
  { packChunks: CHUNKS, sizes: TELLING_SIZES, length: 7, packs: Number.POSITIVE_INFINITY },
];

export const NOTHING_TRIED: Exhausted = { tried: 0, failures: [] };

/** Histories of a task. */
const BATCH = 500;

type Run = (tasks: readonly SequenceTask[]) => Promise<readonly SequenceResult[]>;

/** Ends with the length at which something breaks. */
export async function exploreAllocFree(run: Run, stop: AbortSignal, scopes = ALLOC_FREE_SCOPES): Promise<Exhausted> {
  let tried = 0;
  for (const scope of scopes) {
    const search = new AllocFreeSearch(scope);
    while (search.next.length > 0 && !stop.aborted) {
      const results = await run(batches(scope, search));
      const expansions = results.flatMap((result) => (result.kind === "allocFree" ? [result] : []));
      tried += expansions.reduce((sum, expansion) => sum + expansion.tried, 0);
      const failures = expansions.flatMap((expansion) => expansion.failures);
      if (failures.length > 0) return { tried, failures };
      search.learn(expansions);
    }
  }
  return { tried, failures: [] };
}

function batches(scope: AllocFreeScope, { next }: AllocFreeSearch): readonly SequenceTask[] {
  return Array.from({ length: Math.ceil(next.length / BATCH) }, (_, i) => ({
    kind: "allocFree",
    scope,
    histories: next.slice(i * BATCH, (i + 1) * BATCH),
  }));
}
