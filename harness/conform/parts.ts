// The real parts of a conformance run: the file reader and the stage.

import { loadDataFile } from "../case-file.js";
import { stageCheck } from "../stage-check.js";
import type { ConformParts } from "./conform.js";

export const conformParts = (): ConformParts => ({ load: loadDataFile, check: stageCheck({ strictness: "rfc" }) });
