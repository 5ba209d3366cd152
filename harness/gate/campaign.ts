// Hand out chunks until the programs, the time or the patience of the user run out, or a disagreement turns up. Chunks
// are handed out in index order and the ones under way are always finished, so the disagreement with the lowest index
// is found whatever the number of workers.

import type { ChunkResult, ChunkTask } from "./chunk.js";
import { addChunk, emptyTally, type Tally } from "./tally.js";

export interface ChunkPool {
  /** How many chunks may run at once. */
  readonly jobs: number;
  run(task: ChunkTask): Promise<ChunkResult>;
  close(): Promise<void>;
}

export interface CampaignOptions {
  readonly seed: number;
  /** Stop after that many programs; Infinity for no limit. */
  readonly programs: number;
  /** Stop handing out chunks after that long. */
  readonly budgetMs: number;
  readonly chunk: number;
  readonly stop: AbortSignal;
  readonly progress?: (tally: Tally, elapsedMs: number) => void;
}

export async function campaign(options: CampaignOptions, pool: ChunkPool): Promise<Tally> {
  const { seed, programs, budgetMs, chunk, stop } = options;
  const started = performance.now();
  const tally = emptyTally();
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < programs && tally.disagreement === undefined && !stop.aborted) {
      const elapsed = performance.now() - started;
      if (elapsed >= budgetMs && next > 0) return;
      const task = { seed, first: next, count: Math.min(chunk, programs - next) };
      next += task.count;
      addChunk(tally, await pool.run(task));
      options.progress?.(tally, performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: pool.jobs }, runner));
  return tally;
}
