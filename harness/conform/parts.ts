// The real parts of a conformance run: the file reader and the stage.

import type { Engine } from "../../engines/engine.js";
import { stageCheck } from "../../properties/cases/stage-check.js";
import { loadDataFile } from "../case-file.js";
import type { ConformParts } from "./conform.js";

export const conformParts = (engines: readonly Engine[]): ConformParts => ({
  load: loadDataFile,
  check: stageCheck({ engines, strictness: "rfc" }),
});
