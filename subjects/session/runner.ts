// Running live programs: may the CPU fetch all that it comes through, and what comes of it.

import type { Engine, Trap } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { FetchProblem } from "../../machine/machine.js";
import type { Layout } from "../../spec/bpf/program.js";
import { execute } from "../run/execute.js";
import type { Execution, Region } from "../step.js";
import type { FunctionView, SubjectKernel } from "../subject.js";
import type { TracedAnswer, Tracing } from "./attachments.js";
import type { LiveProgram } from "./built-program.js";
import { CaseStage } from "./case-stage.js";
import { branchTarget, entryOf, pointerAt } from "./entry.js";

/** A64 instructions of one run. */
const FUEL = 2_000_000;
const LINE_BYTES = 64;
const NO_TRAPS = new Map<Va, never>();
const NO_ANSWERS: readonly TracedAnswer[] = [];

/** One entry into a program. */
interface Entering {
  readonly live: LiveProgram;
  readonly cpu: number;
  readonly at: number | undefined;
  readonly expected: readonly TracedAnswer[];
  /** Code that it may come through, its own first. */
  readonly spans: readonly Span[];
  readonly functions: readonly FunctionView[];
}

type Span = Pick<Region, "image" | "codeBytes">;

export class Runner {
  /** Words that were replaced without telling the other CPUs. */
  readonly patched = new Set<Va>();
  private stage: CaseStage | undefined;
  /** Of the kernel functions around attached programs and of helpers. */
  private traps: ReadonlyMap<Va, Trap> | undefined;

  constructor(
    private readonly kernel: SubjectKernel,
    private readonly engine: Engine,
    private readonly tracing: Tracing,
  ) {}

  /** Pages that the stage of generated programs has taken. */
  get stagePages(): number {
    return this.stage?.pages ?? 0;
  }

  /** @param at the event of the step after which it runs */
  run(live: LiveProgram, cpu: number, at: number | undefined): Execution {
    const { tracing } = this;
    const expected = tracing.answers(live);
    const called = tracing.calledBy(live);
    const entering: Entering = { live, cpu, at, expected, spans: live.regions, functions: live.program.functions };
    if (called === undefined) return this.prepared(entering);
    const spans = [...live.regions, ...this.trampolineOf(live), ...called.flatMap(({ regions }) => regions)];
    const functions = [live, ...called].flatMap(({ program }) => program.functions);
    return this.prepared({ ...entering, spans, functions });
  }

  /** Run into what is left of a freed program where its pack is still there. */
  trap(freed: LiveProgram, cpu: number): Execution | undefined {
    const region = freed.regions.find(({ image }) => this.kernel.machine.mapping(image) !== undefined);
    if (region === undefined) return undefined;
    const { functions } = freed.program;
    return this.enter({ live: freed, cpu, at: undefined, expected: NO_ANSWERS, spans: [region], functions }, NO_TRAPS);
  }

  /** With what a generated program needs around it, and everything that it leaves. */
  private prepared(entering: Entering): Execution {
    const { tracing } = this;
    const { live, expected } = entering;
    const { generated } = live.built;
    if (generated === undefined) {
      return this.enter(entering, entering.spans === live.regions ? NO_TRAPS : tracing.witness.traps);
    }
    this.stage ??= new CaseStage(this.kernel.machine);
    this.traps ??= new Map([...tracing.witness.traps, ...this.stage.traps]);
    const layouts = expected.map(({ above }) => generated.layout(above));
    this.stage.set(generated, overAll(layouts), live.entries);
    const execution = this.enter(entering, this.traps);
    const { outcome } = execution;
    if (outcome?.kind !== "returned") return execution;
    const { code } = generated.expected(0);
    // Nobody asks what is on the stack where anything may be attached.
    return { ...execution, whole: this.stage.outcome(generated, generated.layout(0), code, outcome.x0) };
  }

  private enter({ live, cpu, at, expected, spans, functions }: Entering, traps: ReadonlyMap<Va, Trap>): Execution {
    const { kernel, engine, tracing } = this;
    const { machine } = kernel;
    const { witness } = tracing;
    let problem: FetchProblem | undefined;
    for (const { image, codeBytes } of spans) problem ??= this.fetch(cpu, image, codeBytes);
    witness.begin();
    const outcome =
      problem === undefined
        ? execute(engine, {
            machine,
            cpu,
            entry: spans[0]!.image,
            args: [live.argument],
            fuel: FUEL,
            traps,
            fixup: (pc) => kernel.fixupException(functions, pc),
          })
        : undefined;
    return { id: live.id, cpu, at, problem, outcome, steps: witness.seen, whole: undefined, expected };
  }

  /** The trampoline that the entry leads to at this moment, as the kernel knows it. */
  private trampolineOf(live: LiveProgram): readonly Span[] {
    const { machine } = this.kernel;
    const { site, plt, literal } = entryOf(live);
    const target = branchTarget(machine.peek32(site), site);
    const image = target === plt ? pointerAt(machine, literal) : target;
    const symbol = image === undefined ? undefined : this.tracing.kernel.symbols.lookup(image);
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
