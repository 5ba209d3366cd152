// One kernel and what is known about it: the machine, the implementation, the reference models beside it, and the programs
// that live. `step` performs one action on both sides and tells the oracles what they need.

import type { Engine } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { Action, AttachedProgram, ConcurrentRun, Disturbance, HistoryOptions } from "../action.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../run/layout.js";
import type { Account, Execution, Patch, Scene, Step, StepResult, Tramp } from "../step.js";
import {
  DEFAULT_ENV,
  type JitEnv,
  type LoadedProgram,
  type LoadResult,
  PROFILES,
  type Quirks,
  type Subject,
  type SubjectKernel,
} from "../subject.js";
import { type Plan, Tracing } from "./attachments.js";
import { type BuiltProgram, builtProgram, type LiveProgram } from "./built-program.js";
import { entryOf } from "./entry.js";
import { giveMachine, type MachineKind, takeMachine } from "./machines.js";
import { Models } from "./models.js";
import { Recorder } from "./recorder.js";
import { Runner } from "./runner.js";

/** What is drawn for where an image starts, at most as much as there is room for. */
const HOLES = [0, 8, 16, 24, 32, 40, Number.POSITIVE_INFINITY];

/** Actions that are steps. */
type StepAction = Exclude<Action, { kind: "cpu" }>;

export class Session implements Scene {
  readonly machine: Machine;
  readonly kernel: SubjectKernel;
  readonly live = new Map<number, LiveProgram>();
  readonly tramps = new Map<number, Tramp>();
  readonly images: "packs" | "pages";
  readonly baseline: Machine["usage"];
  readonly recorder: Recorder;
  warned = 0;
  private readonly machineKind: MachineKind;
  private readonly models: Models;
  private readonly tracing: Tracing;
  private readonly runner: Runner;
  private hole = 0;
  /** Of the step in progress. */
  private lastEvents: Step["events"] = [];
  private executions: Execution[] = [];
  private added: Tramp | undefined;
  private removed: readonly Tramp[] = NOTHING;
  private patches: readonly Patch[] = NOTHING;

  constructor(
    readonly subject: Subject,
    options: HistoryOptions,
    engine: Engine,
  ) {
    const { pageBytes, cpus, images, packBytes, limit, packsBeyondBranchRange } = options;
    this.machineKind = {
      pageBytes,
      cpus,
      gapAfter: packsBeyondBranchRange ? roundUp(packBytes, pageBytes) + pageBytes : undefined,
    };
    const machine = takeMachine(this.machineKind);
    this.machine = machine;
    this.images = images;
    const quirks = quirksOf(options);
    const env: JitEnv = { ...DEFAULT_ENV, callBase: CALL_BASE, dummyTramp: DUMMY_TRAMPOLINE, quirks };
    const random = (below: number): number => Math.min(this.hole, below - 1);
    // Before the series, trampolines had pages of their own, too.
    const packs = { packBytes: images === "packs" ? packBytes : 0 };
    this.kernel = subject.boot({ machine, env, random, images, ...packs, ...(limit === undefined ? {} : { limit }) });
    this.baseline = machine.usage;
    this.recorder = new Recorder(machine);
    this.tracing = new Tracing(this.kernel, () => this.recorder.firstHeapObject);
    this.models = new Models(options, this.kernel, this.tracing);
    this.runner = new Runner(this.kernel, engine, this.tracing);
  }

  get allocator(): Models["allocator"] {
    return this.models.allocator;
  }
  get text(): Models["text"] {
    return this.models.text;
  }
  get usage(): Machine["usage"] {
    const { usage } = this.machine;
    const { stagePages } = this.runner;
    return stagePages === 0 ? usage : { ...usage, frames: usage.frames - stagePages };
  }

  /** Perform an action; undefined if it names no live program and so means nothing. */
  step(action: Action): Step | undefined {
    if (action.kind === "cpu") {
      this.machine.cpu = action.cpu % this.machine.cpus;
      return undefined;
    }
    const resolved = this.meant(action);
    if (resolved === undefined) return undefined;
    const before = this.account();
    const { warnings } = this.kernel;
    const told = warnings.length;
    this.executions = [];
    this.added = undefined;
    this.removed = NOTHING;
    this.patches = NOTHING;
    const planned = this.begin(action);
    const result = this.perform(resolved);
    const faultsHit = planned - this.machine.failures.pending;
    this.machine.failures.clear();
    this.recorder.begin(undefined);
    if (faultsHit > 0 && TRAMPOLINES.has(result.kind)) this.warned = warnings.length;
    return {
      scene: this,
      events: this.lastEvents,
      isLogged: true,
      before,
      // A run allocates nothing that is the kernel's.
      after: result.kind === "ran" ? before : this.account(),
      result,
      executions: this.executions,
      faultsHit,
      added: this.added,
      removed: this.removed,
      patches: this.patches,
      warnings: warnings.length === told ? NOTHING : warnings.slice(told),
    };
  }

  /** The history is over. A machine that is as it was when it came is used again. */
  close(): void {
    const { machine, baseline, usage } = this;
    const isClean =
      usage.areas === baseline.areas && usage.heapObjects === baseline.heapObjects && usage.frames === baseline.frames;
    if (isClean) giveMachine(machine, this.machineKind);
  }

  private account(): Account {
    const { kernel } = this;
    return { usage: this.usage, charge: kernel.modmem.current, packs: kernel.packs.packs.map(({ base }) => base) };
  }

  /** What an action comes to with the programs that live; undefined if to nothing. */
  private meant(action: StepAction): (() => StepResult) | undefined {
    const target = this.live.get(action.id);
    if (action.kind === "load") {
      return target === undefined ? () => this.load(action.id, builtProgram(action.program)) : undefined;
    }
    if (target === undefined) return undefined;
    switch (action.kind) {
      case "free":
        return () => this.free(target);
      case "run":
        return () => this.run(target, action.cpu % this.machine.cpus);
      case "attach": {
        const plan = this.planOf(target, action.programs);
        return plan && (() => this.attach(target, plan));
      }
      case "detach":
        return this.tramps.has(target.id) ? () => this.detach(target) : undefined;
      default:
        return action satisfies never;
    }
  }

  private planOf(target: LiveProgram, programs: readonly AttachedProgram[]): Plan | undefined {
    return this.tracing.plan(target, programs, this.live);
  }

  /** @returns how many failures are planned. */
  private begin(action: StepAction): number {
    const { machine, recorder } = this;
    if (action.kind === "run") {
      recorder.begin(undefined);
      return 0;
    }
    for (const { step, nth } of action.fails) machine.failures.plan(step, nth);
    const isBusy = action.kind === "load" || action.kind === "free";
    recorder.begin(this.betweenOf(action, isBusy ? action.id : undefined));
    return machine.failures.pending;
  }

  /** Other CPUs run what lives, but never what is just being loaded or freed. */
  private betweenOf({ others }: Disturbance, busy: number | undefined): ((at: number) => void) | undefined {
    if (others.length === 0) return undefined;
    const runs = others.filter(({ id }) => id !== busy && this.live.has(id));
    return runs.length === 0 ? undefined : (at) => this.meanwhile(runs, at);
  }

  private meanwhile(runs: readonly ConcurrentRun[], at: number): void {
    for (const run of runs) {
      if (run.at !== undefined && run.at !== at) continue;
      const live = this.live.get(run.id)!;
      const cpu = run.cpu % this.machine.cpus;
      this.executions.push(this.runner.run(live, cpu === this.machine.cpu ? (cpu + 1) % this.machine.cpus : cpu, at));
    }
  }

  private perform(resolved: () => StepResult): StepResult {
    const result = guarded(resolved);
    if (result.kind === "crashed") this.lastEvents = this.recorder.events;
    return result;
  }

  private run(target: LiveProgram, cpu: number): StepResult {
    this.executions.push(this.recorder.aside(() => this.runner.run(target, cpu, undefined)));
    this.lastEvents = this.recorder.events;
    return { kind: "ran" };
  }

  private load(id: number, built: BuiltProgram): StepResult {
    const { kernel, models, tracing } = this;
    this.hole = HOLES[id % HOLES.length]!;
    kernel.env = kernel.env.lse === built.lse ? kernel.env : { ...kernel.env, lse: built.lse };
    const sizes = models.sizesOf(built);
    const codes: LoadedProgram[] = [];
    for (const code of built.codes) {
      const loaded = kernel.loadProgram(code);
      this.lastEvents = this.recorder.events;
      if (loaded.ok) codes.push(loaded.program);
      else return this.refused(codes, loaded, sizes);
    }
    const functions = codes.flatMap((code) => code.functions);
    const program = { bpfFunc: codes[0]!.bpfFunc, functions };
    const regions = functions.map((prog, i) => models.regionOf(prog, sizes[i]!));
    const entries = codes.map(({ bpfFunc }) => bpfFunc);
    const live = { id, program, regions, argument: built.argument, returns: built.returns, built, entries };
    this.live.set(id, live);
    tracing.loaded(live);
    return { kind: "loaded", live, predicted: models.loaded(live, this.lastEvents) };
  }

  /** A program that others tail call is of no use without them. */
  private refused(
    codes: readonly LoadedProgram[],
    { error, functions }: LoadResult & { ok: false },
    sizes: readonly number[],
  ): StepResult {
    for (const program of codes) this.kernel.freeProgram(program);
    const all = [...codes.flatMap((program) => program.functions), ...functions];
    return { kind: "refused", error, functions: all, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  private free(target: LiveProgram): StepResult {
    const { kernel, live, models, runner, tracing } = this;
    for (const { plan } of tracing.partOf(target.id)) {
      const error = this.trace(plan.live, undefined);
      this.lastEvents = this.recorder.events;
      if (error !== 0) return { kind: "kept", error };
    }
    tracing.freed(target);
    kernel.freeProgram(target.program);
    this.lastEvents = this.recorder.events;
    live.delete(target.id);
    runner.patched.delete(entryOf(target).site);
    for (const region of target.regions) models.freed(region);
    return { kind: "freed", freed: target, trap: this.recorder.aside(() => runner.trap(target, this.machine.cpu)) };
  }

  private predicted: Va | undefined;

  private attach(target: LiveProgram, plan: Plan): StepResult {
    this.predicted = undefined;
    const error = this.trace(target, plan);
    return { kind: "attached", error, bytes: plan.bytes, predicted: this.predicted };
  }

  private detach(target: LiveProgram): StepResult {
    return { kind: "detached", error: this.trace(target, undefined) };
  }

  /** Attach what is planned, or nothing, and let the models follow. @returns the error */
  private trace(target: LiveProgram, plan: Plan | undefined): number {
    const { tracing, models, tramps, recorder, kernel } = this;
    const told = kernel.warnings.length;
    const gone = tramps.get(target.id);
    this.runner.patched.add(entryOf(target).site);
    const error = tracing.update(target, plan);
    this.lastEvents = recorder.events;
    const attachment = error === 0 ? tracing.attachments.get(target.id) : undefined;
    const [from, to] = [gone?.region.image, attachment?.im.image];
    const patch = models.patchOf(target, from, to, error);
    this.patches = [...this.patches, patch];
    if (error !== 0) {
      models.notPatched(patch, from);
      return error;
    }
    if (attachment !== undefined) {
      const [added, predicted] = models.attached(attachment, this.lastEvents);
      this.added = added;
      this.predicted = predicted;
      tramps.set(target.id, added);
    } else tramps.delete(target.id);
    models.patched(patch, from, to, kernel.warnings.length > told);
    if (gone !== undefined) {
      this.removed = [...this.removed, gone];
      models.freed(gone.region);
    }
    return 0;
  }
}

/** What comes of steps that poke: a failure in them may be one that the kernel can only tell of. */
const TRAMPOLINES: ReadonlySet<StepResult["kind"]> = new Set(["attached", "detached", "freed", "kept"]);

/** Shared, since most steps have none of this. */
const NOTHING: readonly never[] = [];

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

function guarded(action: () => StepResult): StepResult {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: "crashed", error };
  }
}

function quirksOf({ profile, except }: HistoryOptions): Quirks {
  const quirks = { ...PROFILES[profile] };
  for (const id of except) quirks[id] = !quirks[id];
  return quirks;
}
