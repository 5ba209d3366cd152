// Who runs the chunks: worker threads, or the calling thread where one job is asked for or where there is no compiled
// worker file (the sources run uncompiled under the test runner).

import { Tinypool } from "tinypool";
import type { Engine } from "../../engines/engine.js";
import type { ChunkPool } from "./campaign.js";
import { type ChunkResult, type ChunkTask, runChunk, type Trials } from "./chunk.js";

/** What a worker has to know before its first chunk. */
export interface WorkerData {
  readonly engines: readonly string[];
}

export function makePool(jobs: number, engines: readonly Engine[], trials: Trials): ChunkPool {
  const worker = new URL("./worker.js", import.meta.url);
  return jobs > 1 && import.meta.url.endsWith(".js") ? threadPool(jobs, engines, worker) : inlinePool(trials);
}

function threadPool(jobs: number, engines: readonly Engine[], worker: URL): ChunkPool {
  const workerData: WorkerData = { engines: engines.map(({ name }) => name) };
  const threads = { minThreads: jobs, maxThreads: jobs, isolateWorkers: false };
  const pool = new Tinypool({ filename: worker.href, workerData, ...threads });
  return {
    jobs,
    run: (task: ChunkTask): Promise<ChunkResult> => pool.run(task),
    close: () => pool.destroy(),
  };
}

export function inlinePool(trials: Trials): ChunkPool {
  return {
    jobs: 1,
    run: (task) =>
      // Through the event loop, so that signals and progress output get their turn between chunks.
      new Promise((resolve, reject) => {
        setImmediate(() => {
          try {
            resolve(runChunk(task, trials));
          } catch (error) {
            reject(error);
          }
        });
      }),
    close: async () => {},
  };
}
