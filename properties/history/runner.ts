// Running live programs: may the CPU fetch all that it comes through, and what comes of it.

import type { Engine } from "../../engines/engine.js";
import type { BpfProg } from "../../impl/program/bpf-prog.js";
import { fixupException } from "../../impl/program/fixup-exception.js";
import type { Kernel } from "../../impl/program/kernel.js";
import type { Va } from "../../machine/address.js";
import type { FetchProblem } from "../../machine/machine.js";
import { ENTRY_SP, STACK } from "../layout.js";
import type { Answer, Execution, Live, Region } from "../oracles/oracle.js";
import { branchTarget, entryOf, pointerAt } from "./entry.js";
import type { Tracing } from "./tracing.js";

/** A64 instructions of one run. */
const FUEL = 2_000_000;
const LINE_BYTES = 64;
const NO_TRAPS = new Map<Va, never>();
const NO_ANSWERS: readonly Answer[] = [];

type Span = Pick<Region, "image" | "codeBytes">;

export class Runner {
  /** Words that were replaced without telling the other CPUs. */
  readonly patched = new Set<Va>();

  constructor(
    private readonly kernel: Kernel,
    private readonly engine: Engine,
    private readonly tracing: Tracing,
  ) {}

  /** @param at the event of the step after which it runs */
  run(live: Live, cpu: number, at: number | undefined): Execution {
    const { tracing } = this;
    const expected = tracing.answers(live);
    const called = tracing.calledBy(live);
    if (called === undefined) return this.enter(live, cpu, at, live.regions, live.program.functions, expected);
    const spans = [...live.regions, ...this.trampolineOf(live), ...called.flatMap(({ regions }) => regions)];
    const functions = [live, ...called].flatMap(({ program }) => program.functions);
    return this.enter(live, cpu, at, spans, functions, expected);
  }

  /** Run into what is left of a freed program where its pack is still there. */
  trap(freed: Live, cpu: number): Execution | undefined {
    const region = freed.regions.find(({ image }) => this.kernel.machine.mapping(image) !== undefined);
    if (region === undefined) return undefined;
    return this.enter(freed, cpu, undefined, [region], freed.program.functions, NO_ANSWERS);
  }

  private enter(
    { id, argument }: Live,
    cpu: number,
    at: number | undefined,
    spans: readonly Span[],
    functions: readonly BpfProg[],
    expected: readonly Answer[],
  ): Execution {
    const { kernel, engine, tracing } = this;
    const { machine } = kernel;
    const { witness } = tracing;
    let problem: FetchProblem | undefined;
    for (const { image, codeBytes } of spans) problem ??= this.fetch(cpu, image, codeBytes);
    witness.begin();
    const outcome =
      problem === undefined
        ? engine.run({
            machine,
            cpu,
            entry: spans[0]!.image,
            args: [argument],
            stackTop: ENTRY_SP,
            stackLow: STACK.base,
            fuel: FUEL,
            traps: expected.length > 1 || tracing.attachments.size > 0 ? witness.traps : NO_TRAPS,
            fixup: (pc) => fixupException(kernel, functions, pc),
          })
        : undefined;
    return { id, cpu, at, problem, outcome, steps: witness.seen, expected };
  }

  /** The trampoline that the entry leads to at this moment, as the kernel knows it. */
  private trampolineOf(live: Live): readonly Span[] {
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
