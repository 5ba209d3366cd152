// What a worker thread runs.

import { workerData } from "node:worker_threads";
import { type SettingNames, type SubjectCheckers, subjectCheckersByName } from "./case-checker.js";
import { type Answer, type Work, work } from "./pool.js";
import { PointSender } from "./sent-points.js";

// The pool puts its own data first.
const [, names] = workerData as [unknown, SettingNames];
let checkers: SubjectCheckers | undefined;
const sender = new PointSender();

export default (task: Work): Answer => {
  checkers ??= subjectCheckersByName(names);
  const answer = work(task, checkers);
  return "points" in answer ? { ...answer, points: sender.send(answer.points) } : answer;
};
