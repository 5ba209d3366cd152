// For tests of coverage: the matrix of one image, counted at once, and the lowerings among the points of a program.

import type { Insn } from "../../spec/bpf/insn.js";
import { addCell, type Cells } from "./cells.js";
import { cellParts, LOWERING } from "./program.js";
import { strategyOf } from "./strategy.js";

/** What the JIT was given, and the words that it made: word index of each slot, and of the epilogue at the end. */
interface LoweredCode {
  readonly insns: readonly Insn[];
  readonly words: Uint32Array;
  readonly offsets: Int32Array;
}

export function countCells(cells: Cells, { insns, words, offsets }: LoweredCode): void {
  for (const [slot, { row }] of insns.entries()) {
    if (row.kind === "lddwHigh") continue;
    const end = row.kind === "lddw" ? slot + 2 : slot + 1;
    addCell(cells, row.id, strategyOf(row, words, offsets[slot] ?? 0, offsets[end] ?? 0), 1);
  }
}

/** Row and strategy of the coverage matrix; undefined for a cell of another sort. */
export function loweringParts(cell: string): { readonly row: string; readonly strategy: string } | undefined {
  const { row, operands, strategy } = cellParts(cell);
  return row === LOWERING ? { row: operands, strategy } : undefined;
}
