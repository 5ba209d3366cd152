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
  /** Index of the first program. */
  readonly from: number;
  /** Stop after that many programs; Infinity for no limit. */
  readonly programs: number;
  /** Stop handing out chunks after that long. */
  readonly budgetMs: number;
  readonly chunk: number;
  /** See `ChunkTask`. */
  readonly cellsEvery?: number;
  readonly stop: AbortSignal;
  readonly progress?: (tally: Tally, elapsedMs: number) => void;
}

export async function campaign(options: CampaignOptions, pool: ChunkPool): Promise<Tally> {
  const { seed, from, programs, budgetMs, chunk, stop } = options;
  const end = from + programs;
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const tally = emptyTally();
  let next = from;
  const runner = async (): Promise<void> => {
    while (next < end && tally.disagreement === undefined && !stop.aborted) {
      const elapsed = performance.now() - started;
      if (elapsed >= budgetMs && next > from) return;
      const task = { seed, first: next, count: Math.min(chunk, end - next), cellsEvery: options.cellsEvery };
      next += task.count;
      addChunk(tally, await pool.run(task));
      const elapsedMs = performance.now() - started;
      tally.pace.push({ elapsedMs, programs: tally.programs });
      options.progress?.(tally, elapsedMs);
    }
  };
  await Promise.all(Array.from({ length: pool.jobs }, runner));
  const { user, system } = process.cpuUsage(cpuBefore);
  tally.cpuMs = (user + system) / 1000;
  return tally;
}
