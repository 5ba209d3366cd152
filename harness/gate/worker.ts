// What a worker thread runs. Its stage is made once and used for all of its chunks.

import { type ChunkResult, type ChunkTask, runChunk } from "./chunk.js";
import { makeTrials } from "./parts.js";

const trials = makeTrials();

export default (task: ChunkTask): ChunkResult => runChunk(task, trials);
