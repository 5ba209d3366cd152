// What a child process runs: the attempt at the mutant whose files its module loader serves.

import { Worker } from "node:worker_threads";
import { type Attempt, attempt, processorSeconds, type Task } from "./attempt.js";
import type { Witness } from "./searches.js";
import { makeSearches } from "./searches.js";

/** In this order: `ready` once, the end of the search once, and `done` once. */
export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly attempt: Attempt }
  | { readonly kind: "done"; readonly witness: Witness | undefined };

const send = (message: FromChild): unknown => process.send?.(message);

/** Seconds beyond the time of the search and of shrinking: for one step that takes long. */
const GRACE = 5;

process.once("message", (task: Task) => {
  const limit = processorSeconds() + (task.budgetMs + task.shrinkMs) / 1000 + GRACE;
  new Worker(new URL("./watchdog.js", import.meta.url), { workerData: limit, execArgv: [] }).unref();
  const witness = attempt(task, makeSearches(task.seed), (ended) => send({ kind: "ended", attempt: ended }));
  send({ kind: "done", witness });
  process.disconnect?.();
});
send({ kind: "ready" });
