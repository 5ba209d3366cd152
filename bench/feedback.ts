// Whether feedback pays: the processor time until programs have reached all cells of the coverage matrix (instruction row
// by lowering strategy) that are known to be possible, with and without feedback. The target is that of
// `coverage/possible.ts`, so it is the same for both and for every seed; a run ends with the last of its cells or with the
// given number of programs.
// Run: `npm run build && node dist/bench/feedback.js [PROGRAMS] [SEED,...]`.

import { packSteering, runChunk } from "../harness/fuzz/chunk.js";
import { caseAt, UNSTEERED } from "../harness/fuzz/generate.js";
import { firstsOf, gainOf, Memory } from "../harness/fuzz/memory.js";
import { fuzzTrials } from "../harness/fuzz/trials.js";
import { loweringCell } from "../properties/cells/cells.js";
import { POSSIBLE } from "../properties/coverage/possible.js";

const most = Number(process.argv[2] ?? 20_000);
const seeds = (process.argv[3] ?? "1,2,3").split(",").map(Number);
const CHUNK = 64;
const SHARES = [0.5, 0.9, 0.95, 0.99, 1];
const TARGET = new Set(
  POSSIBLE.flatMap(({ row, strategies }) => strategies.map((strategy) => loweringCell(row.id, strategy))),
);
const trials = fuzzTrials("wasm");
const trial = trials.programs!;

interface When {
  readonly programs: number;
  /** Of processor time. */
  readonly ms: number;
}
interface Reached {
  /** Of the target, in the order in which they were reached. */
  readonly cells: ReadonlyMap<string, When>;
  /** Of every sort. */
  readonly all: number;
  readonly end: When;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function run(seed: number, feedback: boolean): Reached {
  const memory = new Memory();
  const cells = new Map<string, When>();
  const started = cpuMs();
  let done = 0;
  const now = (): When => ({ programs: done, ms: cpuMs() - started });
  while (done < most && cells.size < TARGET.size) {
    const indexes = Array.from({ length: CHUNK }, (_, i) => done + i);
    const steering = feedback ? memory.steering(trial, seed, done) : UNSTEERED;
    const task = { kind: "chunk" as const, of: "programs", seed, indexes, steering: packSteering(trial, steering) };
    const result = runChunk({ ...task, heartbeat: new Int32Array(2) }, trials);
    done += CHUNK;
    const when = now();
    for (const [cell] of result.cells) if (TARGET.has(cell) && !cells.has(cell)) cells.set(cell, when);
    const textOf = (index: number): string =>
      trial.kind.print(caseAt(trial, seed, index, steering).case, { title: undefined });
    const kept = feedback ? firstsOf(memory, result.cells, textOf) : [];
    memory.learn({ hits: memory.risesOf(result.cells), kept, gain: gainOf(memory, result) });
  }
  return { cells, all: memory.hits.size, end: now() };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const shown = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : "never");

console.log(`${TARGET.size} cells, at most ${most} programs a run, seeds ${seeds.join(", ")}; medians`);
for (const feedback of [false, true]) {
  const runs = seeds.map((seed) => run(seed, feedback));
  const when = (share: number): number =>
    median(
      runs.map(({ cells }) => [...cells.values()][Math.ceil(TARGET.size * share) - 1]?.ms ?? Number.POSITIVE_INFINITY),
    );
  const times = SHARES.map((share) => `${100 * share} %: ${shown(when(share))}`).join(", ");
  const ends = runs.map(({ cells, all, end }) => `${cells.size} after ${end.programs} (${all} cells of every sort)`);
  console.log(`${feedback ? "with   " : "without"}  ${times}; in all ${shown(median(runs.map(({ end }) => end.ms)))}`);
  console.log(`         reached ${ends.join(", ")}`);
  for (const [i, { cells }] of runs.entries()) {
    const missing = [...TARGET].filter((cell) => !cells.has(cell)).map((cell) => cell.split("|").slice(1, 3).join(" "));
    if (missing.length > 0) console.log(`         never with seed ${seeds[i]}: ${missing.join(", ")}`);
  }
}
