// A workload run on a subject: the machine as the subject uses it, counted.

import { defaultSubject } from "../../subjects/index.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { type ImageMemoryName, type JitEnv, LINUX_6_12, machineFor, type Subject } from "../../subjects/subject.js";
import { Counter, type Counts, type LongestHeld, type Nanoseconds, type Peaks } from "./counts.js";
import { KernelTarget } from "./kernel-target.js";
import { Programs } from "./programs.js";
import { stepsOf, type Workload } from "./workload.js";
import { WorkloadRun } from "./workload-run.js";

export interface WorkloadOptions {
  readonly seed: number;
  readonly subject?: Subject;
  readonly allocator: ImageMemoryName;
  readonly pageBytes?: 4096 | 16384 | 65536;
  /** CPUs of the machine. */
  readonly cpus?: number;
  /** Of rounds that leave nothing behind, one of so many is run and counts for them. */
  readonly every?: number;
  /** For the clock that says how long locks are held. */
  readonly nanoseconds?: Nanoseconds;
  readonly stop?: AbortSignal;
}

/** Plain data: it goes from one process to another. */
export interface WorkloadResult {
  readonly counts: Counts;
  readonly peaks: Peaks;
  readonly longest: LongestHeld;
  /** Steps that were run, of those that there are. */
  readonly steps: number;
}

/** As many as the machine of the cover letter. */
const CPUS = 32;
/** Room for tens of thousands of pages: the module area of a kernel has 2 GiB. */
const AREA_BYTES = 0x4000_0000;

/** As upstream, with what it does too often; the page allocator came before the second flush. */
const ENV: Readonly<Record<ImageMemoryName, JitEnv>> = {
  packs: LINUX_6_12,
  pages: { ...LINUX_6_12, quirks: { ...LINUX_6_12.quirks, secondFlush: false } },
};

/** @throws WorkloadFault if the workload frees or attaches what is not there, or a program is refused. */
export function runWorkload(workload: Workload, options: WorkloadOptions): WorkloadResult {
  const { seed, subject = defaultSubject, allocator, cpus = CPUS, every = 1 } = options;
  const pageBytes = options.pageBytes ?? subject.fixed?.pageBytes ?? 4096;
  const machine = machineFor(subject, { pageBytes, cpus, vmallocBytes: AREA_BYTES });
  const kernel = subject.boot({
    machine,
    ...{ env: ENV[allocator], images: allocator, limit: Number.MAX_SAFE_INTEGER },
    random: (below) => random.below(below),
  });
  const random = new Draw(randomSource(seed, 2));
  const counter = new Counter(options.nanoseconds ?? {}, pageBytes, kernel.packs.packBytes, machine);
  machine.onEvent = counter.listener;
  const run = new WorkloadRun(new KernelTarget(kernel, new Programs(seed), counter), random);
  let steps = 0;
  for (const { step, weight } of stepsOf(workload, seed, every)) {
    if (options.stop?.aborted === true) break;
    counter.weight = weight;
    run.step(step);
    steps++;
  }
  return { counts: counter.counts, peaks: counter.peaks, longest: counter.longest, steps };
}
