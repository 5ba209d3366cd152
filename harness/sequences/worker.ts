// What a worker thread of the sequences runs.

import { runTask, type SequenceResult, type SequenceTask } from "./task.js";

export default (task: SequenceTask): SequenceResult => runTask(task);
