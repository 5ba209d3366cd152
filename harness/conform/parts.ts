// The real parts of a conformance run: the file reader and the stage.

import type { Engine } from "../../engines/engine.js";
import { loadDataFile } from "../case-file.js";
import { stageCheck } from "../stage-check.js";
import type { ConformParts } from "./conform.js";

export const conformParts = (engines: readonly Engine[]): ConformParts => ({
  load: loadDataFile,
  check: stageCheck({ engines, strictness: "rfc" }),
});
