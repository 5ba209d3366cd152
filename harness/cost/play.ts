// A workload played on a subject: the machine as the subject uses it, counted.

import assert from "node:assert/strict";
import { defaultSubject } from "../../subjects/index.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import {
  describeLoadError,
  type ImageMemoryName,
  type JitEnv,
  LINUX_6_12,
  type LoadedProgram,
  machineFor,
  type Subject,
  type SubjectKernel,
  type SubjectTrampolines,
  type TrampLink,
  type TrampolineView,
  trampFlags,
} from "../../subjects/subject.js";
import { progObject, textOf } from "../../subjects/trampoline/kernel-text.js";
import { WORD } from "../../subjects/trampoline/setup.js";
import { Counter, type Counts, type LongestHeld, type Nanoseconds, type Peaks } from "./counts.js";
import { Programs } from "./programs.js";
import { stepsOf, type Workload, type WorkStep } from "./workload.js";

export interface PlayOptions {
  readonly seed: number;
  readonly subject?: Subject;
  readonly allocator: ImageMemoryName;
  readonly pageBytes?: 4096 | 16384 | 65536;
  /** CPUs of the machine. */
  readonly cpus?: number;
  /** Of rounds that leave nothing behind, one of so many is played and counts for them. */
  readonly every?: number;
  /** For the clock that says how long locks are held. */
  readonly nanoseconds?: Nanoseconds;
  readonly stop?: AbortSignal;
}

/** Plain data: it goes from one process to another. */
export interface Played {
  readonly counts: Counts;
  readonly peaks: Peaks;
  readonly longest: LongestHeld;
  /** Steps that were played, of those that there are. */
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
export function playWorkload(workload: Workload, options: PlayOptions): Played {
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
  const player = new Player(kernel, new Programs(seed), counter, random);
  let steps = 0;
  for (const { step, weight } of stepsOf(workload, seed, every)) {
    if (options.stop?.aborted === true) break;
    counter.weight = weight;
    player.play(step);
    steps++;
  }
  return { counts: counter.counts, peaks: counter.peaks, longest: counter.longest, steps };
}

/** The workload is at fault: it frees or attaches what is not there. */
export class WorkloadFault extends Error {}

class Player {
  private readonly live = new Map<string, LoadedProgram>();
  private readonly traced = new Map<string, TrampolineView>();
  private readonly trampolines: SubjectTrampolines;

  constructor(
    private readonly kernel: SubjectKernel,
    private readonly programs: Programs,
    private readonly counter: Counter,
    private readonly draw: Draw,
  ) {
    this.trampolines = kernel.trampolines(textOf(false));
  }

  play(step: WorkStep): void {
    switch (step.kind) {
      case "load":
        this.load(step);
        break;
      case "free":
        this.free(step.name ?? this.anyName());
        break;
      case "attach":
        this.attach(step.name, step.programs);
        break;
      case "detach":
        this.update(step.name, []);
        break;
      default:
        step satisfies never;
    }
  }

  private load({ name, slots, contents }: Extract<WorkStep, { kind: "load" }>): void {
    if (this.live.has(name)) throw new WorkloadFault(`${name} is loaded, but it is there already`);
    const { kernel, counter } = this;
    const result = kernel.loadProgram([this.programs.make(slots, contents)]);
    if (!result.ok) throw new WorkloadFault(`${name} is not loaded: ${describeLoadError(result.error)}`);
    counter.add("loads");
    counter.add("instructions", slots);
    this.live.set(name, result.program);
    const { bpfFunc, functions } = result.program;
    this.trampolines.symbols.add({ start: bpfFunc, bytes: functions[0]!.jitedLen });
  }

  private free(name: string): void {
    const program = this.program(name);
    if (this.traced.has(name)) throw new WorkloadFault(`${name} is freed, but something is attached to it`);
    this.live.delete(name);
    this.trampolines.symbols.remove(program.bpfFunc);
    this.kernel.freeProgram(program);
  }

  private attach(name: string, programs: readonly string[]): void {
    this.update(
      name,
      programs.map((one, i) => linkOf(this.program(one), i)),
    );
  }

  private update(name: string, links: readonly TrampLink[]): void {
    const { bpfFunc: func } = this.program(name);
    const view = this.traced.get(name) ?? { func, curImage: undefined };
    const all = { fentry: links, fmodRet: [], fexit: [], structOps: false };
    const request = links.length === 0 ? undefined : { args: [WORD], flags: trampFlags(all), links: all, func };
    if (request === undefined && view.curImage === undefined) {
      throw new WorkloadFault(`${name} is detached, but nothing is attached to it`);
    }
    const error = this.trampolines.bpfTrampolineUpdate(view, request);
    assert(error === 0, `the update of the trampoline of ${name} gives ${error}`);
    if (request === undefined) this.traced.delete(name);
    else this.traced.set(name, view);
  }

  private program(name: string): LoadedProgram {
    const program = this.live.get(name);
    if (program === undefined) throw new WorkloadFault(`${name} is used, but it is not there`);
    return program;
  }

  private anyName(): string {
    const names = [...this.live.keys()].filter((name) => !this.traced.has(name));
    if (names.length === 0) throw new WorkloadFault("`free any`, but there is no program that could be freed");
    return this.draw.pick(names);
  }
}

const linkOf = ({ bpfFunc }: LoadedProgram, position: number): TrampLink => ({
  prog: progObject(position),
  bpfFunc,
  insnsi: progObject(position),
  jited: true,
  cookie: { high: 0, low: 0 },
  ...{ sleepable: false, recursionChecked: true, lsmCgroup: false },
});
