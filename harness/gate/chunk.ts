// A run of consecutive programs, checked by one worker. Program i depends on (seed, i) alone, so chunks may be cut and
// spread over workers in any way without changing what is found.

import { type Check, checkOrCrash } from "../../properties/cases/check-or-crash.js";
import { compileFunctions, DEFAULT_BASE } from "../../properties/cases/compile.js";
import { type Cells, countCells } from "../../properties/coverage/cells.js";
import { isUncompared, whyUncompared } from "../../properties/verdict.js";
import type { Row } from "../../spec/bpf/isa.js";
import type { Case } from "../../subjects/case.js";

/** Where programs come from and what checks them. */
export interface Trials {
  caseAt(seed: number, index: number): Case;
  readonly check: Check;
}

export interface ChunkTask {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Look at the code of one program in that many, for the coverage matrix; of none if absent. */
  readonly cellsEvery?: number | undefined;
}

export interface Incomparable {
  readonly programs: number;
  readonly first: number;
}

export interface Disagreement {
  /** Program index: with the seed, all that is needed to make the program again. */
  readonly index: number;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

/** Plain data: it crosses a thread boundary. */
export interface ChunkResult {
  readonly programs: number;
  readonly passed: number;
  /** By reason: how many, and the index of the first. */
  readonly incomparable: Readonly<Record<string, Incomparable>>;
  /** BPF slots and A64 words of all programs. */
  readonly slots: number;
  readonly words: number;
  /** A64 instructions executed. */
  readonly executed: number;
  /** Runs by engine. */
  readonly runs: Readonly<Record<string, number>>;
  /** Compared programs by id of the rows that they executed. */
  readonly rows: Readonly<Record<string, number>>;
  /** Programs by bucket of `SIZE_LIMITS`. */
  readonly sizes: readonly number[];
  /** The coverage matrix over the code of so many programs. */
  readonly cells: Cells;
  readonly cellPrograms: number;
  /** The first one; the rest of the chunk is then left out. */
  readonly disagreement?: Disagreement;
}

/** Upper ends of the size buckets, in slots; a last bucket holds what is larger. */
export const SIZE_LIMITS = [8, 16, 32, 64, 128, 256, 512, 1024] as const;

export const sizeBucket = (slots: number): number => {
  const bucket = SIZE_LIMITS.findIndex((limit) => slots <= limit);
  return bucket < 0 ? SIZE_LIMITS.length : bucket;
};

export function runChunk({ seed, first, count, cellsEvery }: ChunkTask, trials: Trials): ChunkResult {
  const incomparable: Record<string, Incomparable> = {};
  const rows: Record<string, number> = {};
  const sizes = new Array<number>(SIZE_LIMITS.length + 1).fill(0);
  const cells: Cells = {};
  const sum = { programs: 0, passed: 0, slots: 0, words: 0, executed: 0, cellPrograms: 0 };
  const byEngine: Record<string, number> = {};
  let disagreement: Disagreement | undefined;
  for (let index = first; index < first + count && disagreement === undefined; index++) {
    const c = makeCase(trials, seed, index);
    const reached = new Set<Row>();
    const { verdict, slots, words, executed, runs } = checkOrCrash(c, trials.check, {
      count: (row) => reached.add(row),
    });
    sum.programs++;
    sum.slots += slots;
    sum.words += words;
    sum.executed += executed;
    for (const { engine } of runs) byEngine[engine] = (byEngine[engine] ?? 0) + 1;
    sizes[sizeBucket(slots)]! += 1;
    if (cellsEvery !== undefined && index % cellsEvery === 0 && addCellsOf(c, cells)) sum.cellPrograms++;
    if (isUncompared(verdict)) {
      const why = whyUncompared(verdict);
      const { programs = 0, first: known = index } = incomparable[why] ?? {};
      incomparable[why] = { programs: programs + 1, first: known };
      continue;
    }
    for (const { id } of reached) rows[id] = (rows[id] ?? 0) + 1;
    if (verdict.kind === "agree") sum.passed++;
    else disagreement = { index, where: verdict.where, expected: verdict.expected, got: verdict.got };
  }
  const result = { ...sum, runs: byEngine, incomparable, rows, sizes, cells };
  return disagreement === undefined ? result : { ...result, disagreement };
}

/** Compiles the program once more. False if there is no code. */
function addCellsOf(c: Case, cells: Cells): boolean {
  const compiled = compileFunctions(c, DEFAULT_BASE + c.env.hole);
  if (!compiled.ok) return false;
  for (const fn of compiled.value) countCells(cells, fn);
  return true;
}

/** @throws Error that names the program if the generator fails: a slip of ours, after which there is nothing to check. */
function makeCase(trials: Trials, seed: number, index: number): Case {
  try {
    return trials.caseAt(seed, index);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the generator failed on program ${index} of seed ${seed}: ${why}`, { cause: error });
  }
}
