// Who does the work of a command: worker threads under a watch, or the calling thread. A worker that dies, or that stays with
// one case for too long, is replaced, and the pool says at which case that was.

import { availableParallelism } from "node:os";
import { Tinypool } from "tinypool";
import { isKernel } from "../../subjects/program-subject.js";
import { namesOf, type Setting, type SubjectCheckers } from "./case-checker.js";
import { type ChunkResult, type ChunkTask, runChunk } from "./chunk.js";
import { type ExhaustiveResult, type ExhaustiveTask, runExhaustive } from "./exhaustive.js";
import { PointReceiver, type SentPoints } from "./sent-points.js";
import { type ShrinkResult, type ShrinkTask, shrink } from "./shrink.js";
import { YOUNG_GENERATION_MB } from "./young-generation.js";

/** A worker that is no more. `nth` counts from 0 within the chunk. */
export interface Lost {
  readonly kind: "crash" | "hang";
  readonly nth: number;
  readonly why: string;
}
type ChunkAnswer = { readonly ok: true; readonly result: ChunkResult } | { readonly ok: false; readonly lost: Lost };

export interface Pool {
  /** How many tasks may run at once. */
  readonly jobs: number;
  chunk(task: Omit<ChunkTask, "heartbeat">): Promise<ChunkAnswer>;
  /** Undefined if it ended the worker. */
  shrink(task: ShrinkTask): Promise<ShrinkResult | undefined>;
  exhaustive(task: ExhaustiveTask): Promise<ExhaustiveResult>;
  close(): Promise<void>;
}

export type Work = ChunkTask | ShrinkTask | ExhaustiveTask;

export function work(
  task: Work,
  { checkers, subject }: SubjectCheckers,
): ChunkResult | ShrinkResult | ExhaustiveResult {
  if (task.kind === "chunk") return runChunk(task, checkers);
  if (task.kind === "shrink") return shrink(task, checkers);
  if (!isKernel(subject)) throw new Error(`nothing is tried exhaustively on ${subject.name}`);
  return runExhaustive(task, subject);
}

/** What a worker sends. */
export type Answer = SentChunk | ShrinkResult | ExhaustiveResult;
type SentChunk = Omit<ChunkResult, "points"> & { readonly points: SentPoints };

interface PoolOptions {
  readonly jobs: number;
  /** How long a worker may stay with one case. */
  readonly hangMs: number;
  /** Megabytes of JavaScript heap. */
  readonly heapMb?: number;
  /** Other than the real one, for tests. */
  readonly worker?: URL;
}
export const HANG_MS = 30_000;

export const defaultJobs = (): number => availableParallelism();

/** Threads need a compiled worker, and know only what is in the lists of kinds, subjects and engines. */
export const canUseThreads = (): boolean => import.meta.url.endsWith(".js");

const WATCH_MS = 200;

export function threadPool(setting: Setting, { jobs, hangMs, heapMb = 1024, worker }: PoolOptions): Pool {
  const pool = new Tinypool({
    filename: (worker ?? new URL("./worker.js", import.meta.url)).href,
    minThreads: jobs,
    maxThreads: jobs,
    isolateWorkers: false,
    workerData: namesOf(setting),
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    // A worker that is told to end while it is in a loop ends at once; nobody need wait for it.
    terminateTimeout: 5000,
  });
  // What a worker says after its task was given up.
  pool.on("error", () => {});
  const points = new PointReceiver();
  const run = <T>(task: Work, signal?: AbortSignal): Promise<T> => runTold(pool, task, points, signal);

  const chunk = async (task: Omit<ChunkTask, "heartbeat">): Promise<ChunkAnswer> => {
    const heartbeat = new Int32Array(new SharedArrayBuffer(8));
    const guard = new AbortController();
    const watch = watchFor(heartbeat, hangMs, () => guard.abort());
    let sent: SentChunk;
    try {
      sent = await run({ ...task, heartbeat }, guard.signal);
    } catch (error) {
      const nth = Atomics.load(heartbeat, 0) - 1;
      const checking = Atomics.load(heartbeat, 1) === 1;
      const kind = guard.signal.aborted ? "hang" : "crash";
      const said = error instanceof Error ? error.message : String(error);
      const why = kind === "hang" ? "it stayed with the case for too long" : said;
      if (checking) return { ok: false, lost: { kind, nth, why } };
      const where = nth < 0 ? "before its first case" : `while case ${task.indexes[nth]} was made`;
      throw new Error(`a worker ended ${where}: ${why}`, { cause: error });
    } finally {
      clearInterval(watch);
    }
    return { ok: true, result: { ...sent, points: points.receive(sent.points) } };
  };
  return {
    jobs,
    chunk,
    shrink: (task) => run<ShrinkResult>(task, AbortSignal.timeout(task.ms + hangMs)).catch(() => undefined),
    exhaustive: (task) => run(task),
    // Every answer is in: on a busy machine a thread may take long to end, which is nobody's failure.
    close: () => pool.destroy().catch(() => {}),
  };
}

/**
 * The pool does not hear of a thread that ends itself, and would wait for it for ever: what the thread was asked fails, as
 * if it had thrown.
 */
async function runTold<T>(pool: Tinypool, task: Work, points: PointReceiver, signal?: AbortSignal): Promise<T> {
  const answer = pool.run(task, { signal: signal ?? null });
  listen(pool, points);
  try {
    return await answer;
  } finally {
    // Who took the place of one that failed.
    listen(pool, points);
  }
}

const heard = new WeakSet<Tinypool["threads"][number]>();

function listen(pool: Tinypool, points: PointReceiver): void {
  for (const worker of pool.threads) {
    if (heard.has(worker)) continue;
    heard.add(worker);
    const { threadId } = worker;
    // One that the pool has ended is none of its threads any more.
    worker.on("exit", (code: number) => {
      points.forget(threadId);
      if (pool.threads.includes(worker)) worker.emit("error", new Error(`it ended itself with exit code ${code}`));
    });
  }
}

/**
 * Calls `stuck` once if no new case is begun for so long. While the whole process was stopped nobody worked, so between two
 * looks little counts.
 */
function watchFor(heartbeat: Int32Array, hangMs: number, stuck: () => void): NodeJS.Timeout {
  let last = 0;
  let looked = performance.now();
  let stayed = 0;
  return setInterval(() => {
    const now = performance.now();
    stayed += Math.min(now - looked, 2 * WATCH_MS);
    looked = now;
    const begun = Atomics.load(heartbeat, 0);
    // Not yet begun: the task waits for a worker, or the worker is loading.
    if (begun !== last) {
      last = begun;
      stayed = 0;
    } else if (begun > 0 && stayed > hangMs) stuck();
  }, WATCH_MS);
}

/** On the calling thread and without a watch: for one job, and where there is no compiled worker. */
export function inlinePool(checkers: SubjectCheckers): Pool {
  /** Through the event loop, so that signals and progress output get their turn between tasks. */
  const turn = <T>(task: Work): Promise<T> =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(work(task, checkers) as T);
        } catch (error) {
          reject(error);
        }
      });
    });
  return {
    jobs: 1,
    chunk: async (task) => ({ ok: true, result: await turn({ ...task, heartbeat: new Int32Array(2) }) }),
    shrink: turn,
    exhaustive: turn,
    close: async () => {},
  };
}
