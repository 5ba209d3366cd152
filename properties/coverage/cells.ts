// Counts over the coverage matrix: how often each row was lowered by each strategy. Plain data, since it crosses threads
// and goes into files.

import { POSSIBLE } from "./possible.js";

/** Row id -> strategy -> instructions. */
export type Cells = Record<string, Record<string, number>>;

export function addCell(cells: Cells, row: string, strategy: string, count: number): void {
  cells[row] ??= {};
  cells[row][strategy] = (cells[row][strategy] ?? 0) + count;
}

interface CellCoverage {
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
