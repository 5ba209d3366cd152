// What a worker thread runs. Its stage is made once and used for all of its chunks.

import { Tinypool } from "tinypool";
import { engineByName } from "../../engines/index.js";
import { type ChunkResult, type ChunkTask, runChunk } from "./chunk.js";
import { makeTrials } from "./parts.js";
import type { WorkerData } from "./pool.js";

const { engines } = Tinypool.workerData as WorkerData;
const trials = makeTrials(engines.flatMap((name) => engineByName(name) ?? []));

export default (task: ChunkTask): ChunkResult => runChunk(task, trials);
