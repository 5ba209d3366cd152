// Runs on a thread of its own in a child process and ends the process when it has used up more processor time than it may:
// a mutant may loop where nothing else gets a turn. The limit is shared memory: each task has one of its own.

import { workerData } from "node:worker_threads";
import { processorSeconds } from "./search-mutant.js";

const EVERY_MS = 250;

setInterval(() => {
  if (processorSeconds() > (workerData as Float64Array)[0]!) process.kill(process.pid, "SIGKILL");
}, EVERY_MS);
