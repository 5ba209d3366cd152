// Who runs a campaign's chunks: worker threads under a watch. A worker that dies, or that stays with one trial for too long,
// is replaced, and the pool says at which trial that was.

import { availableParallelism } from "node:os";
import { Tinypool } from "tinypool";
import { type ChunkResult, type ChunkTask, runChunk } from "./chunk.js";
import { type ShrinkTask, type Shrunk, shrink } from "./shrink.js";
import type { Trials } from "./trial.js";

/** A worker that is no more. `trial` counts from 0 within the chunk. */
export interface Lost {
  readonly kind: "crash" | "hang";
  readonly trial: number;
  readonly why: string;
}
export type ChunkAnswer =
  | { readonly ok: true; readonly result: ChunkResult }
  | { readonly ok: false; readonly lost: Lost };

export interface FuzzPool {
  readonly jobs: number;
  run(task: Omit<ChunkTask, "heartbeat">): Promise<ChunkAnswer>;
  /** Undefined if the case does not fail reliably, or if shrinking it ended the worker. */
  shrink(task: ShrinkTask): Promise<Shrunk | undefined>;
  close(): Promise<void>;
}

export interface ThreadOptions {
  readonly jobs: number;
  readonly engine: string;
  /** How long a worker may stay with one trial. */
  readonly hangMs: number;
  /** Megabytes of JavaScript heap. */
  readonly heapMb?: number;
  /** Other than the real one, for tests. */
  readonly worker?: URL;
}

export const defaultJobs = (): number => availableParallelism();

const WATCH_MS = 200;

export function threadPool({ jobs, engine, hangMs, heapMb = 1024, worker }: ThreadOptions): FuzzPool {
  const pool = new Tinypool({
    filename: (worker ?? new URL("./worker.js", import.meta.url)).href,
    minThreads: jobs,
    maxThreads: jobs,
    isolateWorkers: false,
    workerData: { engine },
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    // A worker that is told to end while it is in a loop ends at once; nobody need wait for it.
    terminateTimeout: 5000,
  });
  // What a worker says after its task was given up.
  pool.on("error", () => {});

  const run = async (task: Omit<ChunkTask, "heartbeat">): Promise<ChunkAnswer> => {
    const heartbeat = new Int32Array(new SharedArrayBuffer(8));
    const guard = new AbortController();
    const watch = watchFor(heartbeat, hangMs, () => guard.abort());
    try {
      const result: ChunkResult = await pool.run({ ...task, heartbeat }, { signal: guard.signal });
      return { ok: true, result };
    } catch (error) {
      const trial = Atomics.load(heartbeat, 0) - 1;
      const checking = Atomics.load(heartbeat, 1) === 1;
      const why = error instanceof Error ? error.message : String(error);
      const kind = guard.signal.aborted ? "hang" : "crash";
      if (checking) return { ok: false, lost: { kind, trial, why } };
      const where = trial < 0 ? "before its first trial" : `while trial ${task.indexes[trial]} was made`;
      throw new Error(`a worker ended ${where}: ${why}`, { cause: error });
    } finally {
      clearInterval(watch);
    }
  };
  return {
    jobs,
    run,
    shrink: async (task) => {
      const guard = AbortSignal.timeout(task.ms + hangMs);
      return pool.run(task, { signal: guard }).catch(() => undefined);
    },
    close: () => pool.destroy(),
  };
}

/** Calls `stuck` once if no new trial is begun for so long. */
function watchFor(heartbeat: Int32Array, hangMs: number, stuck: () => void): NodeJS.Timeout {
  let last = 0;
  let since = performance.now();
  return setInterval(() => {
    const now = performance.now();
    const begun = Atomics.load(heartbeat, 0);
    // Not yet begun: the task waits for a worker, or the worker is loading.
    if (begun !== last) {
      last = begun;
      since = now;
    } else if (begun > 0 && now - since > hangMs) stuck();
  }, WATCH_MS);
}

/** On the calling thread and without a watch: for tests, where there is no compiled worker. */
export function inlinePool(trials: Trials): FuzzPool {
  const turn = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  return {
    jobs: 1,
    run: (task) => turn(() => ({ ok: true, result: runChunk({ ...task, heartbeat: new Int32Array(2) }, trials) })),
    shrink: (task) => turn(() => shrink(task, trials)),
    close: async () => {},
  };
}
