// For tests of coverage: the matrix of one image, counted at once, and the lowerings among the points of a program.

import type { Insn } from "../../spec/bpf/insn.js";
import { addCount, type MatrixCounts } from "./matrix.js";
import { type CoveragePoint, LOWERING, readPoint } from "./point.js";
import { meantRow, strategyOf } from "./strategy.js";

/** What the JIT was given, and the words that it made: word index of each slot, and of the epilogue at the end. */
interface LoweredCode {
  readonly insns: readonly Insn[];
  readonly words: Uint32Array;
  readonly offsets: Int32Array;
}

export function countLowerings(counts: MatrixCounts, { insns, words, offsets }: LoweredCode): void {
  for (const [slot, insn] of insns.entries()) {
    const row = meantRow(insn);
    if (row.kind === "lddwHigh") continue;
    const end = row.kind === "lddw" ? slot + 2 : slot + 1;
    addCount(counts, row.id, strategyOf(row, words, offsets[slot] ?? 0, offsets[end] ?? 0), 1);
  }
}

/** Row and strategy of the coverage matrix; undefined for a point of another sort. */
export function readLowering(text: string): Pick<CoveragePoint, "row" | "strategy"> | undefined {
  const { row, operands, strategy } = readPoint(text);
  return row === LOWERING ? { row: operands, strategy } : undefined;
}
