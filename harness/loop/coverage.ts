// Coverage in few numbers: which rows of the instruction table ran, out of those that a program may be written with; and how
// many programs had each possible point of the coverage matrix.

import { addCount, type MatrixCounts, POSSIBLE } from "../../properties/coverage/matrix.js";
import { loweringPoint, readPoint } from "../../properties/coverage/point.js";
import { ROWS } from "../../spec/bpf/isa.js";

export interface Coverage {
  readonly reached: number;
  readonly all: number;
  /** Row ids, in table order. */
  readonly missing: readonly string[];
}

/** Row ids of what a program may be written with. The second slot of lddw does not run by itself. */
export const WRITTEN_ROWS: readonly string[] = ROWS.filter(
  // What is newer than the JIT of the profile that is drawn for ("linux") no drawn program has.
  ({ group, kind }) => group !== "kernel" && group !== "linux" && kind !== "lddwHigh",
).map(({ id }) => id);

export function coverage(rows: Pick<ReadonlySet<string>, "has">, all: readonly string[] = WRITTEN_ROWS): Coverage {
  const missing = all.filter((id) => !rows.has(id));
  return { reached: all.length - missing.length, all: all.length, missing };
}

export interface CampaignCoverage {
  readonly points: number;
  /** Instruction rows that ran, out of those that a program may be written with. */
  readonly rows: number;
  readonly allRows: number;
}

interface Reached {
  readonly points: ReadonlyMap<string, number>;
}

/** Ids of the instruction rows that ran, and in how many of the counted programs. */
export function ranRows({ points }: Reached): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const [point, times] of points) {
    const { row, event } = readPoint(point);
    if (event !== "idle") rows.set(row, (rows.get(row) ?? 0) + times);
  }
  return rows;
}

export function coverageOf(state: Reached): CampaignCoverage {
  const rows = ranRows(state);
  return {
    points: state.points.size,
    rows: coverage(rows).reached,
    allRows: WRITTEN_ROWS.length,
  };
}

// The matrix is a list of numbers in one fixed order: points in the log are counted a few times only, and a heat map of those
// would show nothing.

const LOWERINGS = POSSIBLE.flatMap(({ row, strategies }) => strategies.map((strategy) => ({ row: row.id, strategy })));
const PLACES = new Map(LOWERINGS.map(({ row, strategy }, place) => [loweringPoint(row, strategy), place]));

/** Of a chunk's points. Empty if it had no code to look at. */
export function emittedOf(points: Iterable<readonly [point: string, times: number, ...unknown[]]>): readonly number[] {
  const counts = new Array<number>(LOWERINGS.length).fill(0);
  let any = false;
  for (const [point, times] of points) {
    const place = PLACES.get(point);
    if (place === undefined) continue;
    counts[place] = times;
    any = true;
  }
  return any ? counts : [];
}

export const addEmitted = (a: readonly number[], b: readonly number[]): readonly number[] =>
  a.length < b.length ? addEmitted(b, a) : a.map((n, place) => n + (b[place] ?? 0));

/** Row id -> strategy -> programs. */
export function emittedLowerings(counts: readonly number[]): MatrixCounts {
  const lowerings: MatrixCounts = {};
  for (const [place, n] of counts.entries()) {
    const { row, strategy } = LOWERINGS[place]!;
    if (n > 0) addCount(lowerings, row, strategy, n);
  }
  return lowerings;
}
