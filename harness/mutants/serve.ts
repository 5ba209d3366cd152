// What every child process of `rox mutants` does: it waits for a task, does it under a watchdog, says how that ended, and waits
// for the next one until its parent lets it go.

import { Worker } from "node:worker_threads";
import { crashed, processorSeconds, type SearchResult, searchMutant, type Task } from "./search-mutant.js";
import type { Search, Witness } from "./searches.js";

/** `ready` once; then for each task the end of its search, and `done`. */
export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly result: SearchResult }
  | { readonly kind: "done"; readonly witness: Witness | undefined };

interface Service<T extends Task> {
  /** Seconds beyond the time of the search and of shrinking. */
  readonly grace: number;
  /** What it is that fails where no search has begun. */
  readonly beginning: string;
  searches(task: T): readonly Search[] | Promise<readonly Search[]>;
}

const send = (message: FromChild): unknown => process.send?.(message);

export function serve<T extends Task>({ grace, beginning, searches }: Service<T>): void {
  const limit = new Float64Array(new SharedArrayBuffer(8)).fill(Number.POSITIVE_INFINITY);
  new Worker(new URL("./watchdog.js", import.meta.url), { workerData: limit, execArgv: [] }).unref();
  process.on("message", async (task: T) => {
    limit[0] = processorSeconds() + (task.budgetMs + task.shrinkMs) / 1000 + grace;
    let witness: Witness | undefined;
    let isOver = false;
    const end = (ended: SearchResult): void => {
      isOver = true;
      send({ kind: "ended", result: ended });
    };
    try {
      witness = searchMutant(task, await searches(task), end);
    } catch (error) {
      if (!isOver) end(crashed(beginning, error, 0, 0));
    }
    limit[0] = Number.POSITIVE_INFINITY;
    send({ kind: "done", witness });
  });
  send({ kind: "ready" });
}
