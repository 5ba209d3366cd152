// What was seen least: pairs of an instruction row and a kind of operands. Rows with the same fields can have the same
// kinds of operands, so a kind that one of them was seen with is a goal for all of them; and where base and data lie in two
// registers, they can lie in one.

import { USER_ROWS } from "../../../../spec/bpf/insn.js";
import type { Row } from "../../../../spec/bpf/isa.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { type CellParts, cellParts } from "../../../coverage/program.js";
import type { Goal } from "./aim.js";
import { likeness } from "./code.js";

/** Goals of a chunk. */
const GOALS = 24;
/** A pair that was seen more often is none. */
const SELDOM = 4;

const LIKENESS = new Map(USER_ROWS.map((row) => [row.id, likeness(row)]));
const ROWS_LIKE = new Map<string, Row[]>();
for (const row of USER_ROWS) ROWS_LIKE.set(likeness(row), [...(ROWS_LIKE.get(likeness(row)) ?? []), row]);

/** Cells come again with every chunk. */
const PARTS = new Map<string, CellParts>();
function partsOf(cell: string): CellParts {
  const known = PARTS.get(cell);
  if (known !== undefined) return known;
  const parts = cellParts(cell);
  PARTS.set(cell, parts);
  return parts;
}

const inOne = (operands: string): string => operands.replace(/^(?:r|r0)\//, "same/");

export function goalsOf(hits: ReadonlyMap<string, number>, draw: Draw): readonly Goal[] {
  const seen = new Map<string, number>();
  const kinds = new Map<string, Set<string>>();
  for (const [cell, times] of hits) {
    const { row, operands, event } = partsOf(cell);
    const like = LIKENESS.get(row);
    if (like === undefined) continue;
    const known = kinds.get(like);
    if (known === undefined) kinds.set(like, new Set([operands, inOne(operands)]));
    else known.add(operands).add(inOne(operands));
    if (event !== "idle") seen.set(`${row}|${operands}`, (seen.get(`${row}|${operands}`) ?? 0) + times);
  }
  const rare: Goal[] = [];
  for (const [like, operands] of kinds) {
    for (const { id } of ROWS_LIKE.get(like) ?? []) {
      for (const kind of operands)
        if ((seen.get(`${id}|${kind}`) ?? 0) < SELDOM) rare.push({ row: id, operands: kind });
    }
  }
  return rare.length === 0 ? [] : Array.from({ length: GOALS }, () => draw.pick(rare));
}
