// The stresser of the series as fetches: hot BPF programs at the places that the subject's allocator gave them, kernel text
// around them, and a compiler between the events.

import { Itlb, type ItlbModel, type Lookups } from "../../machine/itlb/itlb.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { type ImageMemoryName, LINUX_6_12, machineFor, type Subject } from "../../subjects/subject.js";
import { KernelTarget } from "../cost/kernel-target.js";
import { Programs } from "../cost/programs.js";
import { stepsOf, type Workload } from "../cost/workload.js";
import { WorkloadRun } from "../cost/workload-run.js";

/** Where the code of a program lies. */
export interface CodePlace {
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

interface Placing {
  readonly subject: Subject;
  readonly images: ImageMemoryName;
  readonly pageBytes: PageBytes;
  readonly seed: number;
}
export type PageBytes = 4096 | 16384 | 65536;

/**
 * Runs the workload up to the last moment at which most programs live, and says where they lie then.
 *
 * @throws WorkloadFault
 */
export function placesOf(workload: Workload, { subject, images, pageBytes, seed }: Placing): readonly CodePlace[] {
  const machine = machineFor(subject, { pageBytes, vmallocBytes: AREA_BYTES });
  const random = new Draw(randomSource(seed, 2));
  const kernel = subject.boot({ machine, env: LINUX_6_12, images, random: (below) => random.below(below) });
  const run = new WorkloadRun(new KernelTarget(kernel, new Programs(seed)), random);
  let left = fullest(workload, seed);
  for (const { step } of stepsOf(workload, seed)) {
    if (left-- === 0) break;
    run.step(step);
  }
  return [...run.live].map(([name, { bpfFunc, functions }]) => ({
    ...{ name, at: bpfFunc, bytes: functions[0]!.jitedLen },
  }));
}

/** Room for tens of thousands of pages: the module area of a kernel has 2 GiB. */
const AREA_BYTES = 0x4000_0000;

/** Steps up to the last moment at which most programs live. */
function fullest(workload: Workload, seed: number): number {
  let [steps, live, most, at] = [0, 0, 0, 0];
  for (const { step } of stepsOf(workload, seed)) {
    steps++;
    live += step.kind === "load" ? 1 : step.kind === "free" ? -1 : 0;
    if (live < most) continue;
    most = live;
    at = steps;
  }
  return at;
}

/** The workload around the BPF programs. All are parameters; only `userPages` is varied. */
export interface Surroundings {
  /** Pages of code that the compiler runs through between two events. */
  readonly userPages: number;
  /** Pages of code that it has, and of data: few of them are hot (a Zipf distribution). */
  readonly userCode: number;
  readonly userData: number;
  /** Pages of data touched for each page of code. */
  readonly dataPerCode: number;
  /** Blocks of 2 MiB of kernel text on the way into the kernel, to the programs and back. */
  readonly kernelBlocks: number;
  /** Events that are counted, after a tenth as many that are not. */
  readonly events: number;
}

/** Of what is said of the letter's machine, only the compiler is known; the sizes are those of a large C compiler. */
export const SURROUNDINGS: Surroundings = {
  ...{ userPages: 15, userCode: 5000, userData: 12_000, dataPerCode: 16, kernelBlocks: 5, events: 2000 },
};

/** How code of BPF programs is mapped: by pages, or by blocks of 2 MiB. */
type MappedBy = "pages" | "blocks";
const BLOCK_BYTES = 2 * 1024 * 1024;

interface Scenario {
  readonly model: ItlbModel;
  readonly pageBytes: number;
  readonly mappedBy: MappedBy;
  readonly seed: number;
}

/** Ranges of numbers, so that a page of one kind is no page of another. */
const USER = 2 ** 41;
const DATA = 2 ** 42;
const KERNEL = 2 ** 43;
const BLOCK = 2 ** 44;

/** Each of the hot kinds of event runs all programs that are attached to it, one after the other. */
export function runEvents(
  hot: readonly (readonly CodePlace[])[],
  around: Surroundings,
  { model, pageBytes, mappedBy, seed }: Scenario,
): Lookups {
  const itlb = new Itlb(model);
  const draw = new Draw(randomSource(seed, 3));
  const code = zipf(around.userCode);
  const data = zipf(around.userData);
  const scale = pageBytes / 4096;
  const warmUp = Math.ceil(around.events / 10);
  for (let event = -warmUp; event < around.events; event++) {
    if (event === 0) itlb.restart();
    for (let i = 0; i < around.userPages; i++) {
      // Neighbouring pages share a larger one.
      itlb.fetch(USER + Math.floor(code(draw) / scale));
      for (let d = 0; d < around.dataPerCode; d++) itlb.data(DATA + Math.floor(data(draw) / scale));
    }
    for (let k = 0; k < around.kernelBlocks; k++) itlb.fetch(KERNEL + k);
    for (const { at, bytes } of hot[((event % hot.length) + hot.length) % hot.length]!) {
      fetchCode(itlb, at, bytes, mappedBy === "pages" ? pageBytes : BLOCK_BYTES, mappedBy === "pages" ? 0 : BLOCK);
      // Back in the kernel between two programs.
      itlb.fetch(KERNEL + (around.kernelBlocks > 1 ? 1 : 0));
    }
  }
  return itlb.lookups;
}

function fetchCode(itlb: Itlb, at: number, bytes: number, size: number, base: number): void {
  const last = Math.floor((at + bytes - 1) / size);
  for (let page = Math.floor(at / size); page <= last; page++) itlb.fetch(base + page);
}

/** Numbers below `count`, the k-th with a probability that goes as 1/k. */
function zipf(count: number): (draw: Draw) => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let k = 0; k < count; k++) {
    sum += 1 / (k + 1);
    sums[k] = sum;
  }
  // Hot pages lie anywhere: their rank says nothing of their place.
  const place = (rank: number): number => (rank * 2_654_435_761) % count;
  return (draw) => {
    const wanted = ((draw.word() + 0.5) / 2 ** 32) * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return place(low);
  };
}

/**
 * Five of the eight programs of each instance are triggered in a loop: those of one kind hang on one event, and run one
 * after the other. A kind is the name up to its last point.
 */
export function hotEvents(places: readonly CodePlace[], kinds = 5): readonly (readonly CodePlace[])[] {
  const groups = new Map<string, CodePlace[]>();
  for (const place of places) {
    const kind = place.name.replace(/\.\d+$/, "");
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [place]);
    else group.push(place);
  }
  return [...groups.values()].slice(0, kinds);
}
