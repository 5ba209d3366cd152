// A trace as text: BPF and what it changed on the left, A64 on the right.

import type { Trace } from "../../properties/cases/program/trace-run.js";
import { partName, wordLine } from "./listing.js";
import { sideBySide } from "./text.js";

export function formatTrace({ rows, cut }: Trace, columns: number): string[] {
  const lines = sideBySide(
    rows.map(({ part, bpf, words, changes, differences }) => ({
      left: [
        partName(part, bpf),
        ...changes.map((change) => `        ${change}`),
        ...differences.map((difference) => `     !! ${difference} in the JIT`),
      ],
      right: words.map(wordLine),
    })),
    columns,
  );
  return cut ? [...lines, "the trace is cut here: the run is longer"] : lines;
}
