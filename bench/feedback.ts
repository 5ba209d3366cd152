// Whether feedback pays: what a campaign reaches, and the processor time that it takes, with and without it. The last
// ones are those that both together reach. Two measures: pairs of an instruction row and a kind of operands that ran,
// which are finitely many, and cells, of which there are always more.
// Run: `npm run build && node dist/bench/feedback.js [PROGRAMS] [LANES] [SEED]`.

import { type ChunkResult, packSteering, runChunk } from "../harness/fuzz/chunk.js";
import { programAt, type Steering, UNSTEERED } from "../harness/fuzz/generate.js";
import { gainOf, KEPT_A_CHUNK, type Kept, Lane, LONGEST_KEPT } from "../harness/fuzz/lane.js";
import { fuzzTrials } from "../harness/fuzz/trials.js";
import { printCase } from "../properties/case-text.js";
import { cellParts } from "../properties/cells/cells.js";

const [programs = 20_000, lanes = 8, seed = 1] = process.argv.slice(2).map(Number);
const CHUNK = 64;
const trials = fuzzTrials("wasm");

interface When {
  readonly programs: number;
  /** Of processor time. */
  readonly ms: number;
}
interface Reached {
  readonly cells: Map<string, When>;
  readonly pairs: Map<string, When>;
  readonly end: When;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function run(feedback: boolean): Reached {
  const all = Array.from({ length: lanes }, (_, i) => new Lane(i, lanes));
  const [cells, pairs] = [new Map<string, When>(), new Map<string, When>()];
  const started = cpuMs();
  const now = (): When => ({ programs: all.reduce((sum, { done }) => sum + done, 0), ms: cpuMs() - started });
  for (let turn = 0; turn * CHUNK < programs; turn++) {
    const lane = all[turn % lanes]!;
    const indexes = Array.from({ length: CHUNK }, (_, i) => lane.indexAt(lane.done + i));
    const steering = feedback ? lane.steering(seed) : UNSTEERED;
    const task = { kind: "chunk" as const, seed, indexes, steering: packSteering(steering) };
    const result = runChunk({ ...task, heartbeat: new Int32Array(2) }, trials);
    const when = now();
    for (const [cell] of result.cells) {
      if (!cells.has(cell)) cells.set(cell, when);
      const { row, operands, event } = cellParts(cell);
      const pair = `${row}|${operands}`;
      if (row !== "image" && event !== "idle" && !pairs.has(pair)) pairs.set(pair, when);
    }
    const kept = feedback ? keptOf(lane, result, steering) : [];
    const gain = gainOf(lane, result);
    lane.learn({ done: lane.done + indexes.length, hits: lane.risesOf(result.cells), kept, gain });
  }
  return { cells, pairs, end: now() };
}

function keptOf(lane: Lane, { cells }: ChunkResult, steering: Steering): Kept[] {
  const firsts = new Map<number, string[]>();
  for (const [cell, , first] of cells) {
    if (!lane.hits.has(cell)) firsts.set(first, [...(firsts.get(first) ?? []), cell]);
  }
  const most = [...firsts].toSorted(([, a], [, b]) => b.length - a.length).slice(0, KEPT_A_CHUNK);
  return most.flatMap(([index, found]) => {
    const text = printCase({ ...programAt(trials.fresh, seed, index, steering).case, title: undefined });
    return text.length > LONGEST_KEPT ? [] : [{ index, text, cells: found }];
  });
}

const results = { without: run(false), with: run(true) };
for (const what of ["pairs", "cells"] as const) {
  const union = new Set([...results.without[what].keys(), ...results.with[what].keys()]);
  console.log(`${what}: ${union.size} together, of ${programs} programs, ${lanes} lanes, seed ${seed}`);
  for (const [name, reached] of Object.entries(results)) {
    const order = [...reached[what].values()].sort((a, b) => a.ms - b.ms);
    const whenShare = (share: number): string => {
      const when = order[Math.ceil(union.size * share) - 1];
      return when === undefined ? "never" : `${(when.ms / 1000).toFixed(1)} s (${when.programs})`;
    };
    const shares = [0.5, 0.9, 0.95, 0.99, 1].map((share) => `${100 * share} %: ${whenShare(share)}`).join(", ");
    console.log(`  ${name.padEnd(8)} ${order.length} in ${(reached.end.ms / 1000).toFixed(1)} s; ${shares}`);
  }
}
