// What a worker thread runs.

import { workerData } from "node:worker_threads";
import { type SettingNames, type SubjectCheckers, subjectCheckersByName } from "./case-checker.js";
import { type Work, work } from "./pool.js";

// The pool puts its own data first.
const [, names] = workerData as [unknown, SettingNames];
let checkers: SubjectCheckers | undefined;

export default (task: Work): ReturnType<typeof work> => {
  checkers ??= subjectCheckersByName(names);
  return work(task, checkers);
};
