// Whether feedback pays: cells reached, and the programs and processor time that it took, with and without it. The last
// cells are those that both together reach. Run: `npm run build && node dist/bench/feedback.js [PROGRAMS] [LANES] [SEED]`.

import { type ChunkResult, packSteering, runChunk } from "../harness/fuzz/chunk.js";
import { programAt, type Steering, UNSTEERED } from "../harness/fuzz/generate.js";
import { gainOf, KEPT_A_CHUNK, type Kept, Lane, LONGEST_KEPT } from "../harness/fuzz/lane.js";
import { fuzzTrials } from "../harness/fuzz/trials.js";
import { printCase } from "../properties/case-text.js";

const [programs = 20_000, lanes = 24, seed = 1] = process.argv.slice(2).map(Number);
const CHUNK = 64;
const trials = fuzzTrials("wasm");

interface Reached {
  /** Cell -> when it was reached first. */
  readonly at: Map<string, { readonly programs: number; readonly ms: number }>;
  readonly ms: number;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function run(feedback: boolean): Reached {
  const all = Array.from({ length: lanes }, (_, i) => new Lane(i, lanes));
  const at: Reached["at"] = new Map();
  const started = cpuMs();
  for (let done = 0; done < programs; ) {
    for (const lane of all) {
      const indexes = Array.from({ length: CHUNK }, (_, i) => lane.indexAt(lane.done + i));
      const steering = feedback ? lane.steering(seed) : UNSTEERED;
      const result = runChunk(
        { kind: "chunk", seed, indexes, steering: packSteering(steering), heartbeat: new Int32Array(2) },
        trials,
      );
      done += indexes.length;
      for (const [cell] of result.cells) if (!at.has(cell)) at.set(cell, { programs: done, ms: cpuMs() - started });
      const kept = feedback ? keptOf(lane, result, steering) : [];
      lane.learn({
        done: lane.done + indexes.length,
        hits: lane.risesOf(result.cells),
        kept,
        gain: gainOf(lane, result),
      });
      if (done >= programs) break;
    }
  }
  return { at, ms: cpuMs() - started };
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
const union = new Set([...results.without.at.keys(), ...results.with.at.keys()]);
console.log(`${programs} programs, ${lanes} lanes, seed ${seed}: ${union.size} cells together`);
for (const [name, { at, ms }] of Object.entries(results)) {
  const order = [...at.values()].sort((a, b) => a.ms - b.ms);
  const whenShare = (share: number): string => {
    const reached = order[Math.ceil(union.size * share) - 1];
    return reached === undefined ? "never" : `${(reached.ms / 1000).toFixed(1)} s`;
  };
  const shares = [0.5, 0.8, 0.9, 0.95, 0.99, 1].map((share) => `${100 * share} %: ${whenShare(share)}`).join(", ");
  console.log(`${name.padEnd(8)} ${at.size} cells in ${(ms / 1000).toFixed(1)} s of processor time; ${shares}`);
}
