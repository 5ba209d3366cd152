// One kernel and what is known about it: the machine, the implementation, the reference models beside it, and the programs
// that live. `step` performs one action on both sides and tells the oracles what they need.

import type { Engine } from "../../engines/engine.js";
import { compileImages } from "../../impl/jit/compile.js";
import { DEFAULT_ENV, type JitEnv } from "../../impl/jit/env.js";
import { HEADER_BYTES } from "../../impl/pack/binary-pack.js";
import { aarch64InsnPatchTextNosync } from "../../impl/patching/text-poke.js";
import type { BpfProg } from "../../impl/program/bpf-prog.js";
import { fixupException } from "../../impl/program/fixup-exception.js";
import { Kernel } from "../../impl/program/kernel.js";
import { freeProgram, type LoadedProgram, loadProgram } from "../../impl/program/load.js";
import { PROFILES, type Quirks } from "../../impl/quirks.js";
import type { RoAddr, Va } from "../../machine/address.js";
import type { FetchProblem, Machine } from "../../machine/machine.js";
import { ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ReferenceText } from "../../spec/text/text.js";
import { CALL_BASE, ENTRY_SP, STACK } from "../layout.js";
import type { Account, Execution, Live, Patch, Region, Scene, Step, StepResult } from "../oracles/oracle.js";
import { type BuiltProgram, builtProgram } from "./built-program.js";
import type { Action, During, HistoryOptions, Meanwhile } from "./history.js";
import { giveMachine, takeMachine } from "./machines.js";
import { Recorder } from "./recorder.js";

const CHUNK_BYTES = 64;
/** What a region holds beside header and image, at least: in a pack, and in pages of its own. */
const SPARE_BYTES = { packs: 16, pages: 128 } as const;
/** A64 instructions of one run. */
const FUEL = 2_000_000;
/** Word of an image that a trampoline would be attached at. */
const PATCH_WORD = 1;
const NOP = 0xd503_201f;
/** B .+4 */
const BRANCH_ON = 0x1400_0001;
const NOTHING = new Uint8Array();
const NO_TRAPS = new Map<Va, never>();

export class World implements Scene {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly allocator: ReferenceAllocator;
  readonly text = new ReferenceText();
  readonly live = new Map<number, Live>();
  readonly patches = new Map<Va, Patch>();
  readonly images: "packs" | "pages";
  readonly baseline: Machine["usage"];
  readonly recorder: Recorder;
  private hole = 0;
  /** Where this step mapped executable memory: not the allocator's decision. */
  private mapped: Va[] = [];
  private executions: Execution[] = [];

  constructor(
    options: HistoryOptions,
    private readonly engine: Engine,
  ) {
    const { pageBytes, cpus, images, packBytes, limit } = options;
    const machine = takeMachine(pageBytes, cpus);
    this.machine = machine;
    this.images = images;
    const env: JitEnv = { ...DEFAULT_ENV, callBase: CALL_BASE, quirks: quirksOf(options) };
    const random = (below: number): number => Math.min(this.hole, below - 1);
    this.kernel = new Kernel({ machine, env, random, packBytes, images, ...(limit === undefined ? {} : { limit }) });
    // Pages of their own are what the reference calls larger than a pack.
    this.allocator = new ReferenceAllocator((bytes) => this.mapPages(bytes), images === "packs" ? packBytes : 0);
    this.baseline = machine.usage;
    this.recorder = new Recorder(machine);
  }

  /** Perform an action; undefined if it names no live program and so means nothing. */
  step(action: Action): Step | undefined {
    if (action.kind === "cpu") {
      this.machine.cpu = action.cpu % this.machine.cpus;
      return undefined;
    }
    const target = this.live.get(action.id);
    if ((target === undefined) !== (action.kind === "load")) return undefined;
    const before = this.account();
    this.executions = [];
    const planned = this.begin(action);
    const result = this.perform(action, target);
    const struck = planned - this.machine.failures.pending;
    this.machine.failures.clear();
    this.recorder.begin(undefined);
    const { executions } = this;
    return { scene: this, events: this.lastEvents, before, after: this.account(), result, executions, struck };
  }

  /** The history is over. A machine that is as it was when it came is used again. */
  close(): void {
    const { machine, baseline } = this;
    const { usage } = machine;
    const isClean =
      usage.areas === baseline.areas && usage.heapObjects === baseline.heapObjects && usage.frames === baseline.frames;
    if (isClean) giveMachine(machine);
  }

  private lastEvents: Step["events"] = [];

  private account(): Account {
    const { machine, kernel } = this;
    return { usage: machine.usage, charge: kernel.modmem.current, packs: kernel.packs.packs.map(({ base }) => base) };
  }

  /** @returns how many failures are planned. */
  private begin(action: Exclude<Action, { kind: "cpu" }>): number {
    const { machine, recorder } = this;
    if (action.kind === "run") {
      recorder.begin(undefined);
      return 0;
    }
    for (const { step, nth } of action.fails) machine.failures.plan(step, nth);
    recorder.begin(this.betweenOf(action, action.kind === "poke" ? undefined : action.id));
    return machine.failures.pending;
  }

  /** Other CPUs run what lives, but never what is just being loaded or freed. */
  private betweenOf({ others }: During, busy: number | undefined): ((at: number) => void) | undefined {
    if (others.length === 0) return undefined;
    const runs = others.filter(({ id }) => id !== busy && this.live.has(id));
    return runs.length === 0 ? undefined : (at) => this.meanwhile(runs, at);
  }

  private meanwhile(runs: readonly Meanwhile[], at: number): void {
    for (const run of runs) {
      if (run.at !== undefined && run.at !== at) continue;
      const live = this.live.get(run.id)!;
      const cpu = run.cpu % this.machine.cpus;
      this.executions.push(this.execute(live, cpu === this.machine.cpu ? (cpu + 1) % this.machine.cpus : cpu, at));
    }
  }

  private perform(action: Exclude<Action, { kind: "cpu" }>, target: Live | undefined): StepResult {
    const result = guarded(() => {
      switch (action.kind) {
        case "load":
          return this.load(action.id, builtProgram(action.program));
        case "free":
          return this.free(target!);
        case "run":
          this.executions.push(
            this.recorder.aside(() => this.execute(target!, action.cpu % this.machine.cpus, undefined)),
          );
          return { kind: "ran" as const };
        case "poke":
          return this.poke(target!);
        default:
          return action satisfies never;
      }
    });
    if (result.kind === "crashed" || result.kind === "ran") this.lastEvents = this.recorder.events;
    return result;
  }

  private load(id: number, built: BuiltProgram): StepResult {
    const { kernel, recorder } = this;
    this.hole = 8 * (id % 7);
    const loaded = loadProgram(kernel, built.functions);
    this.lastEvents = recorder.events;
    const sizes = built.imageBytes.map((bytes) => this.regionBytes(bytes));
    if (!loaded.ok) {
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      return { kind: "refused", error: loaded.error, functions: loaded.functions, bytes };
    }
    this.mapped = this.lastEvents.flatMap((e) => (e.kind === "setPermission" && e.permission === "rox" ? [e.va] : []));
    const predicted = sizes.map((bytes) => this.allocator.alloc(bytes));
    const regions = loaded.program.functions.map((prog, i) => this.regionOf(prog, sizes[i]!));
    const live: Live = { id, program: loaded.program, regions, returns: built.returns };
    this.live.set(id, live);
    this.expectImages(built, loaded.program, regions);
    return { kind: "loaded", live, predicted };
  }

  private regionBytes(imageBytes: number): number {
    const { images, machine } = this;
    const unit = images === "packs" ? CHUNK_BYTES : machine.pageBytes;
    return Math.ceil((imageBytes + HEADER_BYTES + SPARE_BYTES[images]) / unit) * unit;
  }

  private regionOf({ bpfFunc, jitedLen, extable, entries }: BpfProg, bytes: number): Region {
    const image = bpfFunc!;
    const header = image - (image % (this.images === "packs" ? CHUNK_BYTES : this.machine.pageBytes));
    return { header, bytes, image, codeBytes: jitedLen, table: extable, entries };
  }

  /** What the text must hold now: sizes in the headers, and images as they come out of the passes at these addresses. */
  private expectImages(built: BuiltProgram, { functions }: LoadedProgram, regions: readonly Region[]): void {
    const { text } = this;
    const images = this.imagesOf(built, functions);
    regions.forEach(({ header, bytes, image }, i) => {
      if (!text.holds(header, bytes)) return;
      text.stored(header, new Uint8Array(Uint32Array.of(bytes).buffer));
      text.stored(image, images[i] ?? NOTHING);
    });
  }

  private imagesOf(built: BuiltProgram, functions: readonly BpfProg[]): readonly Uint8Array[] {
    if (built.alone !== undefined) return [built.alone];
    const compiled = compileImages(built.functions, this.kernel.env, (index) => functions[index]!.bpfFunc!);
    if (!compiled.ok) return [];
    const images = compiled.images.map(({ image }) => image);
    if (images.length === 1) built.alone = images[0];
    return images;
  }

  private free(target: Live): StepResult {
    const { kernel, live, patches } = this;
    freeProgram(kernel, target.program);
    this.lastEvents = this.recorder.events;
    live.delete(target.id);
    for (const { header, bytes } of target.regions) this.expectFreed(header, bytes);
    for (const va of patches.keys()) {
      if (target.regions.some(({ header, bytes }) => va >= header && va < header + bytes)) patches.delete(va);
    }
    return { kind: "freed", freed: target, trap: this.recorder.aside(() => this.trap(target)) };
  }

  /** Run into what is left of it where its pack is still there. */
  private trap(target: Live): Execution | undefined {
    const region = target.regions.find(({ image }) => this.machine.mapping(image) !== undefined);
    return region && this.execute(target, this.machine.cpu, undefined, [region]);
  }

  private expectFreed(header: Va, bytes: number): void {
    const { allocator, text } = this;
    const freed = allocator.free(header);
    if (freed.kind === "chunks") text.freed(header, bytes);
    else text.unmapped(freed.base);
  }

  private poke(target: Live): StepResult {
    const { machine, patches } = this;
    const va = target.regions[0]!.image + 4 * PATCH_WORD;
    const before = machine.peek32(va);
    const after = before === NOP ? BRANCH_ON : NOP;
    const patch: Patch = { va, before, after };
    patches.set(va, patch);
    const error = machine.textMutex.hold(() => aarch64InsnPatchTextNosync(machine, va as RoAddr, after));
    this.lastEvents = this.recorder.events;
    if (error === 0) this.text.stored(va, new Uint8Array(Uint32Array.of(after).buffer));
    return { kind: "poked", live: target, patch, error };
  }

  private mapPages(bytes: number): Va | undefined {
    const va = this.mapped.shift();
    if (va !== undefined) this.text.mapped(va, Math.ceil(bytes / this.machine.pageBytes) * this.machine.pageBytes);
    return va;
  }

  private execute(live: Live, cpu: number, at: number | undefined, regions = live.regions): Execution {
    const { machine, engine } = this;
    let problem: FetchProblem | undefined;
    for (const { image, codeBytes } of regions) problem ??= this.fetch(cpu, image, codeBytes);
    const entry = regions[0]!.image;
    const outcome =
      problem === undefined
        ? engine.run({
            ...{ machine, cpu, entry, args: [0n], traps: NO_TRAPS, fuel: FUEL },
            ...{ stackTop: ENTRY_SP, stackLow: STACK.base },
            fixup: (pc) => fixupException(this.kernel, live.program.functions, pc),
          })
        : undefined;
    return { id: live.id, cpu, at, problem, outcome, expected: live.returns };
  }

  /** A line in which nothing but one instruction was replaced may be seen in either version. */
  private fetch(cpu: number, from: Va, bytes: number): FetchProblem | undefined {
    const end = from + bytes;
    for (let at = from; ; ) {
      const problem = this.machine.fetch(cpu, at, end - at);
      if (problem === undefined || !this.isPatched(problem.va)) return problem;
      at = problem.va - (problem.va % CHUNK_BYTES) + CHUNK_BYTES;
      if (at >= end) return undefined;
    }
  }

  private isPatched(va: Va): boolean {
    const line = va - (va % CHUNK_BYTES);
    for (const patched of this.patches.keys()) if (patched >= line && patched < line + CHUNK_BYTES) return true;
    return false;
  }
}

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
