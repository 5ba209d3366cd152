// A trace as text: BPF and what it changed on the left, A64 on the right.

import type { Trace } from "../trace-run.js";
import { partName, wordLine } from "./listing.js";
import { sideBySide } from "./text.js";

export function formatTrace({ rows, cut }: Trace, columns: number): string[] {
  const lines = rows.flatMap(({ part, bpf, words, changes, differences }) => [
    ...sideBySide([{ left: partName(part, bpf), right: words.map(wordLine) }], columns),
    ...changes.map((change) => `        ${change}`),
    ...differences.map((difference) => `     !! ${difference} in the JIT`),
  ]);
  return cut ? [...lines, "the trace is cut here: the run is longer"] : lines;
}
