// A trace as text: BPF and what it changed on the left, A64 on the right.

import type { TraceRow } from "../trace.js";
import { partName, wordLine } from "./listing.js";
import { sideBySide } from "./text.js";

export function formatTrace(rows: readonly TraceRow[], columns: number): string[] {
  return rows.flatMap(({ part, bpf, words, changes, differences }) => [
    ...sideBySide([{ left: partName(part, bpf), right: words.map(wordLine) }], columns),
    ...changes.map((change) => `        ${change}`),
    ...differences.map((difference) => `     !! ${difference} in the JIT`),
  ]);
}
