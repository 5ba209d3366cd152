// What every child process of `rox mutants` does: it waits for its task, does it under a watchdog, and says how that ended.

import { Worker } from "node:worker_threads";
import { crashed, processorSeconds, type SearchResult, searchMutant, type Task } from "./search-mutant.js";
import type { Search, Witness } from "./searches.js";

/** In this order: `ready` once, the end of the search once, and `done` once. */
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
  process.once("message", async (task: T) => {
    const limit = processorSeconds() + (task.budgetMs + task.shrinkMs) / 1000 + grace;
    new Worker(new URL("./watchdog.js", import.meta.url), { workerData: limit, execArgv: [] }).unref();
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
    send({ kind: "done", witness });
    process.disconnect?.();
  });
  send({ kind: "ready" });
}
