// What was seen least: pairs of an instruction row and a kind of operands. Rows with the same fields can have the same kinds
// of operands, so a kind that one of them was seen with is a goal for all of them. Where base and data lie in two registers,
// they can lie in one.

import { USER_ROWS } from "../../../../spec/bpf/insn.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { readPoint } from "../../../coverage/point.js";
import type { Goals } from "../../kind.js";
import { likeness } from "./code.js";

export interface Goal {
  /** Id of an instruction row. */
  readonly row: string;
  /** As `operandsOf` names them. */
  readonly operands: string;
}

/** Goals of a chunk. */
const MOST = 24;
/** A pair that was seen more often is none. */
const SELDOM = 4;

interface Pair {
  readonly goal: Goal;
  times: number;
}

/** Rows with the same fields: for each of them its pairs, by operands. */
type Likes = ReadonlyMap<string, Map<string, Pair>>;

const LIKENESS: ReadonlyMap<string, string> = new Map(USER_ROWS.map((row) => [row.id, likeness(row)]));

const inOne = (operands: string): string => operands.replace(/^(?:r|r0)\//, "same/");

export class SeldomPairs implements Goals {
  /** By likeness, those with pairs. */
  private readonly groups = new Map<string, Likes>();

  learn(point: string, times: number): void {
    const { row, operands, event } = readPoint(point);
    const like = LIKENESS.get(row);
    if (like === undefined) return;
    const group = this.group(like);
    add(group, operands);
    add(group, inOne(operands));
    if (event !== "idle") group.get(row)!.get(operands)!.times += times;
  }

  private group(like: string): Likes {
    const known = this.groups.get(like);
    if (known !== undefined) return known;
    const rows = USER_ROWS.filter(({ id }) => LIKENESS.get(id) === like);
    const group = new Map(rows.map(({ id }) => [id, new Map<string, Pair>()]));
    this.groups.set(like, group);
    return group;
  }

  choose(draw: Draw): readonly Goal[] {
    const seldom: Goal[] = [];
    for (const group of this.groups.values()) {
      for (const pairs of group.values()) {
        for (const { goal, times } of pairs.values()) if (times < SELDOM) seldom.push(goal);
      }
    }
    return seldom.length === 0 ? [] : Array.from({ length: MOST }, () => draw.pick(seldom));
  }
}

function add(group: Likes, operands: string): void {
  for (const [row, pairs] of group) {
    if (pairs.has(operands)) return;
    pairs.set(operands, { goal: { row, operands }, times: 0 });
  }
}
