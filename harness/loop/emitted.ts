// How many programs had each possible cell of the coverage matrix, as a list of numbers in one fixed order: cells in the
// log are counted a few times only, and a heat map of those would show nothing.

import { addCell, type Cells } from "../../properties/coverage/cells.js";
import { POSSIBLE } from "../../properties/coverage/possible.js";
import { loweringCell } from "../../properties/coverage/program.js";

const LOWERINGS = POSSIBLE.flatMap(({ row, strategies }) => strategies.map((strategy) => ({ row: row.id, strategy })));
const PLACES = new Map(LOWERINGS.map(({ row, strategy }, place) => [loweringCell(row, strategy), place]));

/** Of a chunk's cells. Empty if it had no code to look at. */
export function emittedOf(cells: Iterable<readonly [cell: string, times: number, ...unknown[]]>): readonly number[] {
  const counts = new Array<number>(LOWERINGS.length).fill(0);
  let any = false;
  for (const [cell, times] of cells) {
    const place = PLACES.get(cell);
    if (place === undefined) continue;
    counts[place] = times;
    any = true;
  }
  return any ? counts : [];
}

export const addEmitted = (a: readonly number[], b: readonly number[]): readonly number[] =>
  a.length < b.length ? addEmitted(b, a) : a.map((n, place) => n + (b[place] ?? 0));

/** Row id -> strategy -> programs. */
export function emittedCells(counts: readonly number[]): Cells {
  const cells: Cells = {};
  for (const [place, n] of counts.entries()) {
    const { row, strategy } = LOWERINGS[place]!;
    if (n > 0) addCell(cells, row, strategy, n);
  }
  return cells;
}
