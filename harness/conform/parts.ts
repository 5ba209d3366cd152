// The real parts of a conformance run: the file reader and the stage.

import { checkCase, makeBench } from "../../properties/check.js";
import { loadDataFile } from "../case-file.js";
import type { ConformParts } from "./conform.js";

export function conformParts(): ConformParts {
  const bench = makeBench({});
  return { load: loadDataFile, check: (c) => checkCase(c, bench) };
}
