// Coverage in few numbers: which rows of the instruction table ran, out of those that a program may be written with.

import { cellParts } from "../../properties/coverage/program.js";
import { ROWS } from "../../spec/bpf/isa.js";
import type { CampaignState } from "./state.js";

export interface Coverage {
  readonly reached: number;
  readonly all: number;
  /** Row ids, in table order. */
  readonly missing: readonly string[];
}

/** Row ids of what a program may be written with. The second slot of lddw does not run by itself. */
export const WRITTEN_ROWS: readonly string[] = ROWS.filter(
  ({ group, kind }) => group !== "kernel" && kind !== "lddwHigh",
).map(({ id }) => id);

export function coverage(rows: Pick<ReadonlySet<string>, "has">, all: readonly string[] = WRITTEN_ROWS): Coverage {
  const missing = all.filter((id) => !rows.has(id));
  return { reached: all.length - missing.length, all: all.length, missing };
}

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
    rows: coverage(rows).reached,
    allRows: WRITTEN_ROWS.length,
  };
}
