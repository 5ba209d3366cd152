// Whether feedback pays: programs or histories with and without it, for the same processor time. Two questions. When have all
// cells of the coverage matrix (instruction row by lowering strategy) been reached that `coverage/possible.ts` says are
// possible? And when has feedback reached as many cells of every sort as fresh cases reach in the whole time?
// Run: `npm run build && node dist/bench/feedback.js [SECONDS] [SEED,...] [programs|histories]`.

import { defaultEngine } from "../engines/index.js";
import { caseAt, packSteering, runChunk, UNSTEERED } from "../harness/loop/chunk.js";
import { firstsOf, gainOf, Memory } from "../harness/loop/memory.js";
import { makeTrials } from "../harness/loop/trial.js";
import { POSSIBLE } from "../properties/coverage/matrix.js";
import { loweringPoint } from "../properties/coverage/point.js";

const seconds = Number(process.argv[2] ?? 120);
const seeds = (process.argv[3] ?? "1,2,3").split(",").map(Number);
const of = process.argv[4] ?? "programs";
const CHUNK = 64;
const SHARES = [0.5, 0.9, 0.99, 1];
const TARGET = new Set(
  POSSIBLE.flatMap(({ row, strategies }) => strategies.map((strategy) => loweringPoint(row.id, strategy))),
);
const trials = makeTrials({ engines: [defaultEngine()] });
const trial = trials[of]!;

/** `ms`: of processor time. */
interface Run {
  /** When the nth cell of the target was reached. */
  readonly reached: readonly number[];
  /** After each chunk: cases, and cells of every sort. */
  readonly series: readonly { readonly ms: number; readonly tried: number; readonly cells: number }[];
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function run(seed: number, feedback: boolean): Run {
  const memory = new Memory();
  const cells = new Set<string>();
  const reached: number[] = [];
  const series: { ms: number; tried: number; cells: number }[] = [];
  const started = cpuMs();
  for (let done = 0, ms = 0; ms < seconds * 1000; done += CHUNK) {
    const indexes = Array.from({ length: CHUNK }, (_, i) => done + i);
    const steering = feedback ? memory.steering(trial, seed, done) : UNSTEERED;
    const task = { kind: "chunk" as const, of, seed, indexes, steering: packSteering(trial, steering), pointsEvery: 1 };
    const result = runChunk({ ...task, heartbeat: new Int32Array(2) }, trials);
    const textOf = (index: number): string => trial.kind.print(caseAt(trial, seed, index, steering).case);
    const kept = feedback ? firstsOf(memory, result.points, textOf) : [];
    memory.learn({ hits: memory.risesOf(result.points), kept, gain: gainOf(memory, result) });
    ms = cpuMs() - started;
    for (const [cell] of result.points) {
      if (!TARGET.has(cell) || cells.has(cell)) continue;
      cells.add(cell);
      reached.push(ms);
    }
    series.push({ ms, tried: done + CHUNK, cells: memory.hits.size });
  }
  return { reached, series };
}

const shown = (ms: number | undefined): string => (ms === undefined ? "never" : `${(ms / 1000).toFixed(1)} s`);
const told = (name: string, { reached, series }: Run): string => {
  const times = SHARES.map((share) => `${100 * share} % ${shown(reached[Math.ceil(TARGET.size * share) - 1])}`);
  const { tried, cells } = series.at(-1)!;
  const matrix = of === "programs" ? `${times.join(", ")}; ` : "";
  return `  ${name}  ${matrix}${tried} ${of}, ${cells} cells of every sort`;
};

if (of === "programs") console.log(`${TARGET.size} cells of the coverage matrix`);
console.log(`${seconds} s of processor time a run`);
for (const seed of seeds) {
  const fresh = run(seed, false);
  const steered = run(seed, true);
  const as = fresh.series.at(-1)!.cells;
  const when = steered.series.find(({ cells }) => cells >= as);
  console.log(`seed ${seed}`);
  console.log(told("without feedback", fresh));
  console.log(told("with feedback   ", steered));
  console.log(`  ${as} cells, which take fresh ${of} ${shown(seconds * 1000)}: with feedback ${shown(when?.ms)}`);
}
