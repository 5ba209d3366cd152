// Who runs the tasks: worker threads, or the calling thread where one job is asked for or the sources run uncompiled.

import { Tinypool } from "tinypool";
import { runTask, type SequenceResult, type SequenceTask } from "./task.js";

export interface SequencePool {
  /** How many tasks may run at once. */
  readonly jobs: number;
  run(task: SequenceTask): Promise<SequenceResult>;
  close(): Promise<void>;
}

export function sequencePool(jobs: number): SequencePool {
  if (jobs <= 1 || !import.meta.url.endsWith(".js")) return inlineSequencePool();
  const filename = new URL("./worker.js", import.meta.url).href;
  const pool = new Tinypool({ filename, minThreads: jobs, maxThreads: jobs, isolateWorkers: false });
  return { jobs, run: (task): Promise<SequenceResult> => pool.run(task), close: () => pool.destroy() };
}

/** Through the event loop, so that signals and progress output get their turn between tasks. */
export const inlineSequencePool = (): SequencePool => ({
  jobs: 1,
  run: (task) =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(runTask(task));
        } catch (error) {
          reject(error);
        }
      });
    }),
  close: async () => {},
});
