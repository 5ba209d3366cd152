// The recordings that the project carries in itself, parsed.

import { GENERATED } from "./excerpts.js";
import { type Parsed, parseLine, parseVectors, type Recording } from "./recording.js";
import { VECTORS } from "./vectors.js";

/** @throws Error if one does not parse: a slip in our own files. */
export function recordedExcerpts(): readonly Recording[] {
  const generated = GENERATED.map((fields) => parsed(parseLine(JSON.stringify(fields))));
  return [...generated, ...parsed(parseVectors(JSON.stringify({ vectors: VECTORS })))];
}

function parsed<T>(result: Parsed<T>): T {
  if (!result.ok) throw new Error(`a recording of our own does not parse: ${result.message}`);
  return result.value;
}
