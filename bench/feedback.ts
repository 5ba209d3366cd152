// Whether feedback pays: programs or histories with and without it, for the same processor time. Two questions. When have all
// lowerings of the coverage matrix (instruction row by lowering strategy) been reached that `coverage/possible.ts` says are
// possible? And when has feedback reached as many points of every sort as fresh cases reach in the whole time?
// Run: `npm run build && node dist/bench/feedback.js [SECONDS] [SEED,...] [programs|histories]`.

import { defaultEngine } from "../engines/index.js";
import { makeCaseCheckers } from "../harness/loop/case-checker.js";
import { runChunk, UNSTEERED } from "../harness/loop/chunk.js";
import { newOf } from "../harness/loop/firsts.js";
import { firstsOf, gainOf, Memory } from "../harness/loop/memory.js";
import { Place } from "../harness/loop/place.js";
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
const checkers = makeCaseCheckers({ engines: [defaultEngine()] });
const checker = checkers[of]!;

/** `ms`: of processor time. */
interface Run {
  /** When the nth point of the target was reached. */
  readonly reached: readonly number[];
  /** After each chunk: cases, and points of every sort. */
  readonly series: readonly { readonly ms: number; readonly tried: number; readonly points: number }[];
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function run(seed: number, feedback: boolean): Run {
  const memory = new Memory();
  const points = new Set<string>();
  const reached: number[] = [];
  const series: { ms: number; tried: number; points: number }[] = [];
  const started = cpuMs();
  for (let done = 0, ms = 0; ms < seconds * 1000; done += CHUNK) {
    const indexes = Array.from({ length: CHUNK }, (_, i) => done + i);
    const steering = feedback ? memory.steering(checker, seed, done) : UNSTEERED;
    const place = new Place(checker, seed, done, steering);
    const task = { kind: "chunk" as const, of, seed, indexes, steering, pointsEvery: 1 };
    const result = runChunk({ ...task, heartbeat: new Int32Array(2) }, checkers);
    const news = newOf(result.points, memory.hits);
    const kept = feedback ? firstsOf(news, (index) => place.textOf(index)) : [];
    memory.keepPacked(result.packed);
    memory.learn({ hits: memory.risesOf(result.points), kept, gain: gainOf(result, news) });
    ms = cpuMs() - started;
    for (const [point] of result.points) {
      if (!TARGET.has(point) || points.has(point)) continue;
      points.add(point);
      reached.push(ms);
    }
    series.push({ ms, tried: done + CHUNK, points: memory.hits.size });
  }
  return { reached, series };
}

const shown = (ms: number | undefined): string => (ms === undefined ? "never" : `${(ms / 1000).toFixed(1)} s`);
const told = (name: string, { reached, series }: Run): string => {
  const times = SHARES.map((share) => `${100 * share} % ${shown(reached[Math.ceil(TARGET.size * share) - 1])}`);
  const { tried, points } = series.at(-1)!;
  const matrix = of === "programs" ? `${times.join(", ")}; ` : "";
  return `  ${name}  ${matrix}${tried} ${of}, ${points} points of every sort`;
};

if (of === "programs") console.log(`${TARGET.size} lowerings of the coverage matrix`);
console.log(`${seconds} s of processor time a run`);
for (const seed of seeds) {
  const fresh = run(seed, false);
  const steered = run(seed, true);
  const as = fresh.series.at(-1)!.points;
  const when = steered.series.find(({ points }) => points >= as);
  console.log(`seed ${seed}`);
  console.log(told("without feedback", fresh));
  console.log(told("with feedback   ", steered));
  console.log(`  ${as} points, which take fresh ${of} ${shown(seconds * 1000)}: with feedback ${shown(when?.ms)}`);
}
