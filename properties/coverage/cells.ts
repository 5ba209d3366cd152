// Counts over the coverage matrix: how often each row was lowered by each strategy. Plain data, since it crosses threads
// and goes into files.

import type { Insn } from "../../spec/bpf/insn.js";
import { POSSIBLE } from "./possible.js";
import { strategyOf } from "./strategy.js";

/** Row id -> strategy -> instructions. */
export type Cells = Record<string, Record<string, number>>;

/** What the JIT was given, and the words that it made: word index of each slot, and of the epilogue at the end. */
export interface LoweredCode {
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

export function addCell(cells: Cells, row: string, strategy: string, count: number): void {
  cells[row] ??= {};
  cells[row][strategy] = (cells[row][strategy] ?? 0) + count;
}

export function addCells(into: Cells, more: Cells): void {
  for (const [row, counts] of Object.entries(more)) {
    for (const [strategy, count] of Object.entries(counts)) addCell(into, row, strategy, count);
  }
}

export interface CellCoverage {
  readonly reached: number;
  readonly all: number;
  /** `row: strategy`, in table order. */
  readonly missing: readonly string[];
}

/** How many of the possible cells were reached. */
export function cellCoverage(cells: Cells): CellCoverage {
  const all = POSSIBLE.flatMap(({ row, strategies }) => strategies.map((strategy) => ({ row: row.id, strategy })));
  const missing = all.filter(({ row, strategy }) => cells[row]?.[strategy] === undefined);
  return {
    reached: all.length - missing.length,
    all: all.length,
    missing: missing.map(({ row, strategy }) => `${row}: ${strategy}`),
  };
}
