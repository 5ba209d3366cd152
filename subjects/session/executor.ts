// Running live programs: may the CPU fetch all that it comes through, and what comes of it.

import type { Engine, EngineOutcome, EngineRun, Trap } from "../../engines/engine.js";
import { slotOfWord } from "../../impl/jit/passes.js";
import { pointer, type Va } from "../../machine/address.js";
import { LINE_BYTES } from "../../machine/coherence.js";
import type { FetchProblem } from "../../machine/machine.js";
import type { Outcome, RegionBytes } from "../../spec/bpf/outcome.js";
import type { Layout, Program } from "../../spec/bpf/program.js";
import { execute, trapsOf } from "../run/execute.js";
import type { CodePlaces, RunMemory } from "../run/run-memory.js";
import type { Execution, Region } from "../step.js";
import type { FunctionView, SubjectKernel } from "../subject.js";
import type { Attachments, TracedAnswer } from "./attachments.js";
import { branchTarget, entryOf, Places, pointerAt } from "./entry.js";
import type { LiveProgram } from "./prepared.js";

/** A64 instructions of one run in a history. */
const FUEL = 2_000_000;
const NO_ANSWERS: readonly TracedAnswer[] = [];

/** One entry into a program. */
interface Entering {
  readonly live: LiveProgram;
  readonly cpu: number;
  /** The event of the step after which it runs. */
  readonly at: number | undefined;
  readonly expected: readonly TracedAnswer[];
  /** Code that it may come through, its own first. */
  readonly spans: readonly Span[];
  readonly functions: readonly FunctionView[];
}
type Span = Pick<Region, "image" | "codeBytes">;
type Fixup = NonNullable<EngineRun["fixup"]>;

/** An execution before anybody has read what it left. */
type Draft = { -readonly [K in keyof Execution]: Execution[K] };

/** A run of a single program, on an input of the caller's. */
export interface ProgramRun {
  readonly program: Program;
  readonly input: Uint8Array;
  readonly layout: Layout;
  /** What the interpreter says of it: see `RunMemory.set` and `returned`. */
  readonly expected?: Outcome;
  /** A64 instructions; default: what all runs of it get. */
  readonly fuel?: number;
}

/** What runs of a single program have in common. */
interface ProgramRuns {
  readonly engine: Engine;
  readonly fuel: number;
  readonly trace: EngineRun["trace"];
}

export class Executor {
  /** Words that were replaced without telling the other CPUs. */
  readonly patched = new Set<Va>();
  /** Pages that runs have mapped since the session began. */
  pages = 0;
  /** What all runs of a program have in common, of the one that ran last. */
  private known: { readonly live: LiveProgram; readonly places: CodePlaces; readonly fixup: Fixup } | undefined;
  /** The single program that may be fetched: between its runs nothing is stored into text. */
  private fetched: LiveProgram | undefined;
  /** Functions of the subject that are no code of the machine's; with those around attached programs; with helpers. */
  private readonly ownTraps: ReadonlyMap<Va, Trap>;
  private readonly attachedTraps: ReadonlyMap<Va, Trap>;
  private helperTraps: ReadonlyMap<Va, Trap> | undefined;

  constructor(
    private readonly kernel: SubjectKernel,
    private readonly engine: Engine,
    private readonly attachments: Attachments,
    private readonly memory: RunMemory,
  ) {
    this.ownTraps = trapsOf(kernel);
    this.attachedTraps = trapsOf(kernel, attachments.calls.traps);
  }

  /** @param at the event of the step after which it runs */
  run(live: LiveProgram, cpu: number, at: number | undefined): Execution {
    const { attachments } = this;
    const expected = attachments.answers(live);
    const called = attachments.calledBy(live);
    const entering: Entering = { live, cpu, at, expected, spans: live.regions, functions: live.program.functions };
    if (called === undefined) return this.withMemory(entering);
    const spans: Span[] = [...live.regions, ...this.trampolineOf(live)];
    const functions = [...live.program.functions];
    for (const { regions, program } of called) {
      spans.push(...regions);
      functions.push(...program.functions);
    }
    return this.withMemory({ ...entering, spans, functions });
  }

  /** Run a single program on one input. Its outcome is what it left of the memory that it was given. */
  runProgram(live: LiveProgram, run: ProgramRun, { engine, fuel, trace }: ProgramRuns): Execution {
    const { program, layout, input, expected } = run;
    const { memory } = this;
    this.setMemory(live, program, layout, input, requestsOf(expected));
    const { kernel, attachments } = this;
    const problem = this.fetched === live ? undefined : this.problemOf(0, live.regions);
    this.fetched = problem === undefined ? live : undefined;
    attachments.calls.begin();
    const outcome =
      problem === undefined
        ? execute(engine, {
            machine: kernel.machine,
            entry: live.regions[0]!.image,
            args: [pointer(layout.context.base)],
            fuel: run.fuel ?? fuel,
            traps: this.withHelpers(memory),
            trace,
            bti: kernel.env.bti,
            fixup: this.knownOf(live).fixup,
          })
        : undefined;
    return {
      id: live.id,
      cpu: 0,
      at: undefined,
      problem,
      outcome,
      steps: attachments.calls.seen,
      whole: outcome && this.outcomeOf(live, layout, expected, outcome),
      expected: NO_ANSWERS,
    };
  }

  /** Run into what is left of a freed program where its pack is still there. */
  trap(freed: LiveProgram, cpu: number): Execution | undefined {
    const region = freed.regions.find(({ image }) => this.kernel.machine.mapping(image) !== undefined);
    if (region === undefined) return undefined;
    const { functions } = freed.program;
    return this.enter({ live: freed, cpu, at: undefined, expected: NO_ANSWERS, spans: [region], functions });
  }

  /** With what a generated program needs around it, and everything that it leaves. */
  private withMemory(entering: Entering): Execution {
    const { live, expected } = entering;
    const { generated } = live.prepared;
    if (generated === undefined) {
      return this.enter(entering, entering.spans === live.regions ? this.ownTraps : this.attachedTraps);
    }
    const { memory } = this;
    const { program } = generated.value;
    const layout = overAll(expected.map(({ above }) => generated.layout(above)));
    this.setMemory(live, program, layout, generated.input);
    const execution = this.enter(entering, this.withHelpers(memory));
    const { outcome } = execution;
    if (outcome?.kind !== "returned") return execution;
    const { code } = generated.expected(0);
    // Nobody asks what is on the stack where anything may be attached.
    const frame = generated.layout(0).frames[code]!;
    execution.whole = memory.returned(frame, code, outcome.x0);
    return execution;
  }

  private withHelpers(memory: RunMemory): ReadonlyMap<Va, Trap> {
    this.helperTraps ??= trapsOf(this.kernel, new Map([...this.attachments.calls.traps, ...memory.traps]));
    return this.helperTraps;
  }

  private setMemory(
    live: LiveProgram,
    program: Program,
    layout: Layout,
    input: Uint8Array,
    requests?: RegionBytes,
  ): void {
    const { machine } = this.kernel;
    const before = machine.framesInUse;
    this.memory.set(program, layout, input, this.knownOf(live).places, requests);
    this.pages += machine.framesInUse - before;
  }

  private knownOf(live: LiveProgram): NonNullable<Executor["known"]> {
    if (this.known?.live !== live) {
      const { functions } = live.program;
      this.known = { live, places: new Places(live), fixup: (pc) => this.kernel.fixupException(functions, pc) };
    }
    return this.known!;
  }

  /** Why the CPU must not run what lies there. */
  private problemOf(cpu: number, spans: readonly Span[]): FetchProblem | undefined {
    for (const { image, codeBytes } of spans) {
      const problem = this.fetch(cpu, image, codeBytes);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  private enter({ live, cpu, at, expected, spans, functions }: Entering, traps = this.ownTraps): Draft {
    const { kernel, attachments, engine } = this;
    const { machine } = kernel;
    const problem = this.problemOf(cpu, spans);
    attachments.calls.begin();
    const outcome =
      problem === undefined
        ? execute(engine, {
            machine,
            cpu,
            entry: spans[0]!.image,
            args: [live.argument],
            fuel: FUEL,
            traps,
            bti: kernel.env.bti,
            fixup: (pc) => kernel.fixupException(functions, pc),
          })
        : undefined;
    return { id: live.id, cpu, at, problem, outcome, steps: attachments.calls.seen, whole: undefined, expected };
  }

  /** In the interpreter's terms. */
  private outcomeOf(live: LiveProgram, layout: Layout, expected: Outcome | undefined, outcome: EngineOutcome): Outcome {
    switch (outcome.kind) {
      case "returned": {
        const code = expected?.kind === "returned" ? expected.code : 0;
        return this.memory.returned(layout.frames[code]!, code, outcome.x0, expected);
      }
      case "violated":
        return { kind: "faulted", pc: undefined, why: "machine", detail: outcome.rule };
      case "faulted": {
        const isAccess = outcome.why === "badRead" || outcome.why === "badWrite" || outcome.why === "trap";
        const detail = `${outcome.why} at 0x${outcome.pc.toString(16)}: ${outcome.detail}`;
        return { kind: "faulted", pc: slotAt(live, outcome.pc), why: isAccess ? "badAccess" : "machine", detail };
      }
      case "outOfFuel":
        return { kind: "outOfFuel" };
      default:
        return outcome satisfies never;
    }
  }

  /** The trampoline that the entry leads to at this moment, as the kernel knows it. */
  private trampolineOf(live: LiveProgram): readonly Span[] {
    const { machine, env } = this.kernel;
    const { site, plt, literal } = entryOf(live, env);
    const target = branchTarget(machine.peek32(site), site);
    const image = target === plt ? pointerAt(machine, literal) : target;
    const symbol = image === undefined ? undefined : this.attachments.kernel.symbols.lookup(image);
    return symbol?.start === image && symbol !== undefined ? [{ image: symbol.start, codeBytes: symbol.bytes }] : [];
  }

  /** A line in which nothing but one instruction was replaced may be seen in either version. */
  private fetch(cpu: number, from: Va, bytes: number): FetchProblem | undefined {
    const end = from + bytes;
    for (let at = from; ; ) {
      const problem = this.kernel.machine.fetch(cpu, at, end - at);
      if (problem === undefined || !this.isPatched(problem.va)) return problem;
      at = problem.va - (problem.va % LINE_BYTES) + LINE_BYTES;
      if (at >= end) return undefined;
    }
  }

  private isPatched(va: Va): boolean {
    const line = va - (va % LINE_BYTES);
    for (const patched of this.patched) if (patched >= line && patched < line + LINE_BYTES) return true;
    return false;
  }
}

/** A layout whose first frame is where the program's own may come to lie in any of these. */
function overAll(layouts: readonly Layout[]): Layout {
  const [first, ...others] = layouts;
  if (others.length === 0) return first!;
  const frames = layouts.map(({ frames: [frame] }) => frame!);
  const base = Math.min(...frames.map((frame) => frame.base));
  const end = Math.max(...frames.map((frame) => frame.base + frame.bytes));
  return { ...first!, frames: [{ base, bytes: end - base }, ...first!.frames.slice(1)] };
}

/** The slot of the code that was running for the A64 instruction at `pc`. */
function slotAt({ program, prepared }: LiveProgram, pc: Va): number | undefined {
  const index = program.functions.findIndex(
    ({ bpfFunc, jitedLen }) => bpfFunc !== undefined && pc >= bpfFunc && pc < bpfFunc + jitedLen,
  );
  const view = program.functions[index];
  if (view === undefined) return undefined;
  const compiled = slotOfWord(view.offsets, (pc - view.bpfFunc!) / 4);
  if (compiled === undefined) return undefined;
  const slot = view.origin === undefined ? compiled : view.origin[compiled]!;
  return prepared.codes.flat()[index]?.origin[slot];
}

/** What a run has asked of the kernel. */
const requestsOf = (outcome: Outcome | undefined): RegionBytes | undefined =>
  outcome?.kind === "returned" ? outcome.regions.find(({ name }) => name === "requests") : undefined;
