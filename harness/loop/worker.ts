// What a worker thread runs.

import { workerData } from "node:worker_threads";
import { type Work, work } from "./pool.js";
import { type Checkers, checkersByName, type SettingNames } from "./trial.js";

// The pool puts its own data first.
const [, names] = workerData as [unknown, SettingNames];
let checkers: Checkers | undefined;

export default (task: Work): ReturnType<typeof work> => {
  checkers ??= checkersByName(names);
  return work(task, checkers);
};
