// What a worker thread runs: chunks, and the shrinking of what they find.

import { workerData } from "node:worker_threads";
import { type ChunkResult, type ChunkTask, runChunk } from "./chunk.js";
import { type ShrinkTask, type Shrunk, shrink } from "./shrink.js";
import type { Trials } from "./trial.js";
import { fuzzTrials } from "./trials.js";

// The pool puts its own data first.
const [, { engine }] = workerData as [unknown, { readonly engine: string }];
let trials: Trials | undefined;

export default (task: ChunkTask | ShrinkTask): ChunkResult | Shrunk | undefined => {
  trials ??= fuzzTrials(engine);
  return task.kind === "chunk" ? runChunk(task, trials) : shrink(task, trials);
};
