// The sum of all chunks of a campaign.

import { addCells, type Cells } from "../../properties/coverage/cells.js";
import { type ChunkResult, type Disagreement, type Incomparable, SIZE_LIMITS } from "./chunk.js";

export interface Tally {
  programs: number;
  passed: number;
  slots: number;
  words: number;
  executed: number;
  /** By engine. */
  readonly runs: Map<string, number>;
  /** Processor time of all threads, garbage collection included: what other processes do to the clock is not in it. */
  cpuMs: number;
  readonly incomparable: Map<string, Incomparable>;
  readonly rows: Map<string, number>;
  readonly sizes: number[];
  readonly cells: Cells;
  /** Programs that `cells` is about. */
  cellPrograms: number;
  /** How many programs were through when, one entry a chunk. */
  readonly pace: { readonly elapsedMs: number; readonly programs: number }[];
  /** The one with the lowest program index. */
  disagreement: Disagreement | undefined;
}

export const emptyTally = (): Tally => ({
  programs: 0,
  passed: 0,
  slots: 0,
  words: 0,
  executed: 0,
  runs: new Map(),
  cpuMs: 0,
  incomparable: new Map(),
  rows: new Map(),
  sizes: new Array<number>(SIZE_LIMITS.length + 1).fill(0),
  cells: {},
  cellPrograms: 0,
  pace: [],
  disagreement: undefined,
});

const SUMS = ["programs", "passed", "slots", "words", "executed", "cellPrograms"] as const;

export function addChunk(tally: Tally, chunk: ChunkResult): void {
  for (const key of SUMS) tally[key] += chunk[key];
  for (const [why, { programs, first }] of Object.entries(chunk.incomparable)) {
    const known = tally.incomparable.get(why) ?? { programs: 0, first };
    tally.incomparable.set(why, { programs: known.programs + programs, first: Math.min(known.first, first) });
  }
  addCounts(tally.runs, chunk.runs);
  addCounts(tally.rows, chunk.rows);
  addCells(tally.cells, chunk.cells);
  chunk.sizes.forEach((n, bucket) => {
    tally.sizes[bucket]! += n;
  });
  const found = chunk.disagreement;
  if (found !== undefined && found.index < (tally.disagreement?.index ?? Number.POSITIVE_INFINITY)) {
    tally.disagreement = found;
  }
}

function addCounts(into: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [key, n] of Object.entries(counts)) into.set(key, (into.get(key) ?? 0) + n);
}

export const incomparableCount = (tally: Tally): number =>
  [...tally.incomparable.values()].reduce((sum, { programs }) => sum + programs, 0);
