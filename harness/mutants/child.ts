// What a child process runs: the attempt at the mutant whose files its module loader serves.

import { Worker } from "node:worker_threads";
import { type Attempt, attempt, crashed, processorSeconds, type Task } from "./attempt.js";
import type { Witness } from "./searches.js";

/** In this order: `ready` once, the end of the search once, and `done` once. */
export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly attempt: Attempt }
  | { readonly kind: "done"; readonly witness: Witness | undefined };

const send = (message: FromChild): unknown => process.send?.(message);

/** Seconds beyond the time of the search and of shrinking: for one step that takes long. */
const GRACE = 5;

process.once("message", async (task: Task) => {
  const limit = processorSeconds() + (task.budgetMs + task.shrinkMs) / 1000 + GRACE;
  new Worker(new URL("./watchdog.js", import.meta.url), { workerData: limit, execArgv: [] }).unref();
  let witness: Witness | undefined;
  let isOver = false;
  const end = (ended: Attempt): void => {
    isOver = true;
    send({ kind: "ended", attempt: ended });
  };
  try {
    // Here, so that what a mutant throws while it is imported is told like everything else.
    const { makeSearches } = await import("./searches.js");
    witness = attempt(task, makeSearches(task.seed), end);
  } catch (error) {
    if (!isOver) end(crashed("import", error, 0, 0));
  }
  send({ kind: "done", witness });
  process.disconnect?.();
});
send({ kind: "ready" });
