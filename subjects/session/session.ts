// One kernel and what is known about it: the machine, the subject, the reference models beside it, and the programs that
// live. `record` performs something on both sides and tells the oracles what they need. Everything that runs loaded programs
// does so here: histories action by action (`history-session.ts`), programs as load, run, free (`program-session.ts`).

import type { Engine } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { mapList } from "../../spec/lists.js";
import { DEFAULT_OPTIONS, type HistoryOptions, quirksOf } from "../action.js";
import { repeatable } from "../lowering.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../run/layout.js";
import type { Account, Execution, Patch, Region, Scene, Skip, Step, StepResult, Tramp } from "../step.js";
import {
  envWith,
  type JitEnv,
  type LoadedProgram,
  type LoadResult,
  profileEnv,
  type Subject,
  type SubjectKernel,
} from "../subject.js";
import { Attachments } from "./attachments.js";
import { entryOf } from "./entry.js";
import { Executor } from "./executor.js";
import { guarded } from "./guarded.js";
import { isSameUsage, machineKindOf, type PlacedMachine, takeMachine } from "./machines.js";
import { Models } from "./models.js";
import type { Plan } from "./plan.js";
import { forCpu, type LiveProgram, type Placing, type PreparedProgram } from "./prepared.js";
import { Recorder, type Recording } from "./recorder.js";
import { removeAll } from "./removal.js";

interface SessionOptions {
  readonly subject: Subject;
  readonly history: HistoryOptions;
  readonly engine: Engine;
  /** Default: what the history's options say of the known defects, and the default kernel otherwise. */
  readonly env?: JitEnv;
  /** Events are told with where the kernel's own code was, by subjects that know. */
  readonly isLocated?: boolean | undefined;
  /** Default: one that an earlier session has left clean, or a new one. */
  readonly placed?: PlacedMachine;
}

export class Session implements Scene {
  readonly machine: Machine;
  readonly kernel: SubjectKernel;
  readonly live = new Map<number, LiveProgram>();
  readonly tramps = new Map<number, Tramp>();
  readonly regions = new Set<Region>();
  readonly images: "packs" | "pages";
  readonly baseline: Machine["usage"];
  readonly executor: Executor;
  warned = 0;
  readonly subject: Subject;
  loadsOnce: Scene["loadsOnce"];
  private readonly placed: PlacedMachine;
  private readonly recorder: Recorder;
  private readonly models: Models;
  readonly attachments: Attachments;
  /** Of programs that bring none of their own. */
  private readonly env: JitEnv;
  private hole = 0;
  /** Of the step in progress. */
  private executions: Execution[] = [];
  private added: Tramp | undefined;
  private removed: readonly Tramp[] = NOTHING;
  private patches: readonly Patch[] = NOTHING;
  private skips: Skip[] = [];
  private predicted: Va | undefined;

  constructor({ subject, history, engine, env, placed, isLocated = false }: SessionOptions) {
    const { images, limit } = history;
    // Left to the subject where that is what Linux has.
    const packBytes = history.packBytes === DEFAULT_OPTIONS.packBytes ? {} : { packBytes: history.packBytes };
    this.subject = subject;
    this.placed = placed ?? takeMachine(subject, engine, machineKindOf(history));
    const { machine, memory } = this.placed;
    this.machine = machine;
    this.images = images;
    const given = env ?? envWith(profileEnv(history.profile), { quirks: quirksOf(history) });
    this.env = envWith(given, subject.build ?? { callBase: CALL_BASE, dummyTramp: DUMMY_TRAMPOLINE });
    this.kernel = subject.boot({
      machine,
      env: this.env,
      random: (below) => Math.min(this.hole, below - 1),
      images,
      // Nothing lies in packs then, not even room that no program has.
      ...(images === "packs" ? packBytes : { packBytes: 0 }),
      ...(limit === undefined ? {} : { limit }),
    });
    this.baseline = machine.usage;
    this.recorder = new Recorder(machine, images === "pages", isLocated ? this.kernel : undefined);
    this.attachments = new Attachments(this.kernel, () => this.recorder.firstHeapObject);
    this.models = new Models(history, this.kernel, this.recorder);
    this.executor = new Executor(this.kernel, engine, this.attachments, memory);
  }

  get allocator(): Models["allocator"] {
    return this.models.allocator;
  }
  get text(): Models["text"] {
    return this.models.text;
  }
  /** Without the pages that runs map, and those of each CPU. */
  get usage(): Machine["usage"] {
    const { usage } = this.machine;
    const pages = this.executor.pages + (this.kernel.perCpuPages ?? 0);
    const { areas, heapObjects, frames } = usage;
    return pages === 0 ? usage : { areas, heapObjects, frames: frames - pages };
  }

  /** Perform something as a step. */
  record(
    perform: () => StepResult,
    { fails = NOTHING, between, isLogged = true, isRun = false }: Recording = {},
  ): Step {
    const before = isRun ? NO_ACCOUNT : this.account();
    const { warnings } = this.kernel;
    const printed = warnings.length;
    this.executions = [];
    this.added = undefined;
    this.removed = NOTHING;
    this.patches = NOTHING;
    this.skips = [];
    const { failures } = this.machine;
    for (const { step, nth } of fails) failures.plan(step, nth);
    const planned = failures.pending;
    this.recorder.begin(between);
    const result = guarded(perform);
    const { events, places } = this.recorder;
    const faultsHit = planned - failures.pending;
    failures.clear();
    this.recorder.begin(undefined);
    if (faultsHit > 0 && PATCHING.has(result.kind)) this.warned = warnings.length;
    return {
      scene: this,
      events: isLogged && events.length > 0 ? events : NOTHING,
      places: places.length > 0 && isLogged ? places : undefined,
      isLogged,
      before,
      after: isRun ? before : this.account(),
      result,
      executions: this.executions,
      faultsHit,
      added: this.added,
      removed: this.removed,
      patches: this.patches,
      skips: this.skips,
      warnings: warnings.length === printed ? NOTHING : warnings.slice(printed),
    };
  }

  /** The history is over. A machine that is as it was when it came is used again. */
  close(): void {
    this.placed.giveBack?.(isSameUsage(this.usage, this.baseline));
  }

  /** Load a program; one that others tail call is of no use without them. */
  load(id: number, program: PreparedProgram, { hole, blind }: Placing): StepResult {
    const { kernel, models, attachments } = this;
    this.hole = hole;
    kernel.env = forCpu(program.env ?? this.env, program.lse);
    kernel.blinding = blind ? repeatable() : undefined;
    const sizes = models.sizesOf(program);
    const codes: LoadedProgram[] = [];
    for (const code of program.codes) {
      const loaded = kernel.loadProgram(code);
      if (loaded.ok) codes.push(loaded.program);
      else return this.refused(codes, loaded, sizes);
    }
    const functions = codes.length === 1 ? codes[0]!.functions : codes.flatMap((code) => code.functions);
    const live: LiveProgram = {
      id,
      program: { bpfFunc: codes[0]!.bpfFunc, functions },
      regions: mapList(functions, (view, i) => models.regionOf(view, sizes?.[i])),
      argument: program.argument,
      returns: program.returns,
      prepared: program,
      entries: mapList(codes, ({ bpfFunc }) => bpfFunc),
    };
    this.live.set(id, live);
    for (const region of live.regions) this.regions.add(region);
    attachments.loaded(live);
    return { kind: "loaded", live, predicted: models.loaded(live.regions) };
  }

  /** Give a program back, after everything that is attached to it or calls it, and run into what is left of it. */
  free(target: LiveProgram, isTried = true): StepResult {
    const { kernel, live, regions, models, executor, attachments } = this;
    for (const { plan } of attachments.partOf(target.id)) {
      const error = this.trace(plan.live, undefined);
      if (error !== 0) return { kind: "kept", error };
    }
    attachments.freed(target);
    kernel.freeProgram(target.program);
    live.delete(target.id);
    for (const region of target.regions) regions.delete(region);
    executor.patched.delete(entryOf(target, kernel.env).site);
    for (const region of target.regions) models.freed(region);
    const trap = isTried ? this.recorder.aside(() => executor.trap(target, this.machine.cpu)) : undefined;
    return { kind: "freed", freed: target, trap };
  }

  /** So many runs, one after the other, as the step that is recorded. */
  run(times: number, execute: (nth: number) => Execution): StepResult {
    this.recorder.aside(() => {
      for (let nth = 0; nth < times; nth++) this.executions.push(execute(nth));
    });
    return { kind: "ran" };
  }

  /** Another CPU has run a program while the step is performed. */
  ran(execution: Execution): void {
    this.executions.push(execution);
  }

  /** Take room in the packs that no program has. @returns how to give it back; undefined if there is none */
  reserve(bytes: number): (() => void) | undefined {
    const { packs } = this.kernel;
    const va = this.images === "pages" ? undefined : packs.bpfProgPackAlloc(bytes);
    if (va === undefined) return undefined;
    this.models.reserved(bytes);
    this.recorder.begin(undefined);
    return () => {
      packs.bpfProgPackFree(va, bytes);
      this.models.freed({ header: va, bytes });
      this.recorder.begin(undefined);
    };
  }

  private account(): Account {
    const { packs, modmem } = this.kernel;
    return { usage: this.usage, charge: modmem.current, packs: [...packs.packs] };
  }

  private refused(
    codes: readonly LoadedProgram[],
    { error, index, functions }: LoadResult & { ok: false },
    sizes: readonly number[] | undefined,
  ): StepResult {
    for (const program of codes) this.kernel.freeProgram(program);
    const given = codes.flatMap((program) => program.functions);
    return { kind: "refused", error, index, functions, given, bytes: sizes?.reduce((sum, size) => sum + size, 0) };
  }

  /** Let the entry of a program lead to a trampoline that calls what is planned. */
  attach(target: LiveProgram, plan: Plan): StepResult {
    this.predicted = undefined;
    const error = this.trace(target, plan);
    return { kind: "attached", error, bytes: plan.bytes, predicted: this.predicted };
  }

  /** Nothing is attached any more. */
  detach(target: LiveProgram): StepResult {
    return { kind: "detached", error: this.trace(target, undefined) };
  }

  /** Attach what is planned, or nothing, and let the models follow. @returns the error */
  private trace(target: LiveProgram, plan: Plan | undefined): number {
    const { attachments, models, tramps, kernel, executor, skips } = this;
    const printed = kernel.warnings.length;
    const gone = tramps.get(target.id);
    executor.patched.add(entryOf(target, kernel.env).site);
    if (plan === undefined && gone) removeAll(target, gone, { attachments, executor, models, tramps, skips });
    const error = attachments.update(target, plan);
    const attachment = error === 0 ? attachments.attached.get(target.id) : undefined;
    const [from, to] = [gone?.region.image, attachment?.im.image];
    const patch = models.patchOf(target, from, to, error);
    this.patches = [...this.patches, patch];
    if (error !== 0) {
      models.notPatched(patch, from);
      return error;
    }
    if (attachment !== undefined) {
      const [added, predicted] = models.attached(attachment, this.attachments.kernel.env);
      this.added = added;
      this.predicted = predicted;
      tramps.set(target.id, added);
      this.regions.add(added.region);
    } else tramps.delete(target.id);
    models.patched(patch, from, to, kernel.warnings.length > printed);
    if (gone === undefined) return 0;
    for (const word of gone.releases) executor.patched.delete(word);
    this.regions.delete(gone.region);
    this.removed = [...this.removed, gone];
    models.freed(gone.region);
    return 0;
  }
}

/** Results of steps that patch text. The kernel can only warn about a failed patch there. */
const PATCHING: ReadonlySet<StepResult["kind"]> = new Set(["attached", "detached", "freed", "kept"]);

const NO_ACCOUNT: Account = { usage: { areas: 0, heapObjects: 0, frames: 0 }, charge: 0, packs: [] };
/** Shared: most steps have none of this. */
const NOTHING: readonly never[] = [];
