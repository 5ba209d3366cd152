// What a campaign's cells say in few numbers.

import { cellParts } from "../../properties/coverage/program.js";
import { WRITTEN_ROWS } from "../gate/coverage.js";
import type { CampaignState } from "./state.js";

export interface CampaignCoverage {
  readonly cells: number;
  /** Instruction rows that ran, out of those that a program may be written with. */
  readonly rows: number;
  readonly allRows: number;
}

type Reached = Pick<CampaignState, "cells">;

/** Ids of the instruction rows that ran, and in how many of the counted programs. */
export function ranRows({ cells }: Reached): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const [cell, times] of cells) {
    const { row, event } = cellParts(cell);
    if (event !== "idle") rows.set(row, (rows.get(row) ?? 0) + times);
  }
  return rows;
}

export function coverageOf(state: Reached): CampaignCoverage {
  const rows = ranRows(state);
  return {
    cells: state.cells.size,
    rows: WRITTEN_ROWS.filter((id) => rows.has(id)).length,
    allRows: WRITTEN_ROWS.length,
  };
}
