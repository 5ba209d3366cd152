// Single programs, one after the other on one kernel: each is the history load, run on every input and engine, free. A
// small program stays loaded, so that the first pack is not given back between two of them.

import type { Engine, TraceState } from "../../engines/engine.js";
import type { Insn } from "../../spec/bpf/insn.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { FrameRange } from "../../spec/bpf/program.js";
import { mapList } from "../../spec/lists.js";
import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { ENTRY_BYTES, LITERAL_BYTES } from "../../spec/text/text.js";
import { DEFAULT_OPTIONS } from "../action.js";
import type { CaseEnv } from "../case.js";
import type { RewrittenFunction } from "../lowering.js";
import type { Execution, Step } from "../step.js";
import { type CompiledImage, describeLoadError, type JitEnv, type Subject } from "../subject.js";
import type { ProgramRun } from "./executor.js";
import { placed } from "./machines.js";
import { framesOf, type LiveProgram, type PreparedProgram, prepared } from "./prepared.js";
import { Session } from "./session.js";

/** Frames of the machine, if the engine wants them in its own memory: packs, heap and regions of the largest case. */
const PHYSICAL_BYTES = 256 << 20;
const CPUS = 2;
/** Oracles get the events of one program in that many; the first is among them. */
const LOADS_A_LOG = 8;
/** What stays loaded, and what is tried beside it. */
const ANCHOR = 0;
const TRIED = 1;

/** One compiled function, for those who look at the code itself. */
export interface LoadedImage {
  /** Index into `Program.code`. */
  readonly code: number;
  /** What the JIT was given; `origin` has the slot of the code that each was made from. */
  readonly insns: readonly Insn[];
  readonly origin: Int32Array;
  /** Word index of each of `insns`, and of the epilogue at the end. */
  readonly offsets: Int32Array;
  readonly words: Uint32Array;
  /** Low 48 bits of the address of the first word. */
  readonly va: number;
}

interface ProgramSessionOptions {
  readonly subject: Subject;
  /** Each run is made on all of them. */
  readonly engines: readonly Engine[];
  readonly env?: JitEnv;
  /** A64 instructions a run. */
  readonly fuel: number;
  /** Called before each A64 instruction. */
  readonly trace?: (state: TraceState, live: LiveProgram) => void;
}

/** What the verifier has made of a program, and where it is to lie. */
interface Lowered {
  /** By code, its functions. */
  readonly codes: PreparedProgram["codes"];
  readonly lse: boolean;
  readonly env?: JitEnv;
  readonly hole: number;
  readonly blind?: boolean;
  /** 64-byte chunks of the pack that are taken meanwhile. */
  readonly skip?: number;
}

/** Runs on one engine, and the step for oracles that they are. */
interface RanTogether {
  readonly engine: string;
  readonly step: Step;
  /** Which runs: from that one on, to the one that ended the step by a crash, or to the last. */
  readonly from: number;
  readonly runs: readonly RanProgram[];
}

/** What one run comes to, in the interpreter's terms. */
interface RanProgram {
  /** What is to be compared with `expected`, and the same object if nothing differs; undefined if it could not be fetched. */
  readonly outcome: Outcome | undefined;
  /** A64 instructions. */
  readonly executed: number;
  /** Undefined for the one that crashed. */
  readonly execution: Execution | undefined;
}

export class ProgramSession {
  private readonly session: Session;
  private giveBack: (() => void) | undefined;
  private loads = 0;
  private isLogged = true;

  constructor(private readonly options: ProgramSessionOptions) {
    const { subject, engines, env } = options;
    const [first] = engines;
    const physical = engines.find((engine) => engine.physical !== undefined)?.physical?.(PHYSICAL_BYTES);
    const machine = placed(subject, { physical, cpus: CPUS });
    const history = { ...DEFAULT_OPTIONS, cpus: CPUS, ...subject.fixed };
    this.session = new Session({ subject, history, engine: first!, placed: machine, ...(env && { env }) });
    const { session } = this;
    session.loadsOnce = true;
    session.record(() => session.load(ANCHOR, prepared(subject, ANCHOR_PROGRAM), { hole: 0, blind: false }));
  }

  /** Load what `lowerProgram` has made of a program for that subject. */
  load(codes: PreparedProgram["codes"], env: CaseEnv): Step {
    const { hole, blind = false, skip = 0 } = env;
    return this.loadLowered({ codes, lse: env.cpu === "lse", hole, blind, skip });
  }

  /** Load what a verifier has already rewritten. */
  loadLowered({ codes, lse, env, hole, blind = false, skip = 0 }: Lowered): Step {
    const { session } = this;
    this.giveBack?.();
    this.giveBack = skip === 0 ? undefined : session.reserve(skip * CHUNK_BYTES);
    const program: PreparedProgram = {
      codes,
      lse,
      argument: 0n,
      returns: undefined,
      generated: undefined,
      imageBytes: undefined,
      ...(env && { env }),
    };
    this.isLogged = this.loads++ % LOADS_A_LOG === 0;
    return session.record(() => session.load(TRIED, program, { hole, blind }), { isLogged: this.isLogged });
  }

  /** By code: where its frame lies. */
  frames(live: LiveProgram): readonly FrameRange[] {
    return framesOf(this.options.subject, live.prepared.codes);
  }

  /** Run it on each input, on each engine, from the same state each time. A crash ends a step: the next run begins another. */
  run(live: LiveProgram, runs: readonly ProgramRun[]): readonly RanTogether[] {
    const together: RanTogether[] = [];
    for (const engine of this.options.engines) {
      for (let from = 0; from < runs.length; from += together.at(-1)!.runs.length) {
        together.push(this.runFrom(from, live, runs, engine));
      }
    }
    return together;
  }

  private runFrom(from: number, live: LiveProgram, runs: readonly ProgramRun[], engine: Engine): RanTogether {
    const { session, options } = this;
    const { trace, fuel } = options;
    const all = { engine, fuel, trace: trace && ((state: TraceState) => trace(state, live)) };
    const runOne = (nth: number): Execution => session.executor.runProgram(live, runs[from + nth]!, all);
    const step = session.record(() => session.run(runs.length - from, runOne), { isRun: true });
    const ran = mapList(
      step.executions,
      (execution): RanProgram => ({
        outcome: execution.whole,
        executed: execution.outcome?.executed ?? 0,
        execution,
      }),
    );
    if (step.result.kind !== "ran") ran.push({ outcome: undefined, executed: 0, execution: undefined });
    return { engine: engine.name, step, from, runs: ran };
  }

  free(live: LiveProgram): Step {
    const { session } = this;
    // That what is left of it traps is for histories: a run costs as much as a small program.
    return session.record(() => session.free(live, false), { isLogged: this.isLogged });
  }

  /** Of all functions, as they stand in memory, with the exception table behind the code. */
  compiled({ program }: LiveProgram): readonly CompiledImage[] {
    const { machine, kernel } = this.session;
    const { literalBytes = LITERAL_BYTES, entryBytes = ENTRY_BYTES } = kernel;
    return program.functions.map(({ bpfFunc, jitedLen, extable, entries, offsets }) => {
      const roImage = bpfFunc ?? 0;
      const tableBytes = extable === undefined ? jitedLen + literalBytes : extable - roImage;
      const image = machine.peek(roImage, tableBytes + entryBytes * entries).slice();
      return { image, roImage, jitedBytes: jitedLen, offsets, tableBytes, entries, entryBytes };
    });
  }

  /** The same by the code that they are of, without what lies behind. */
  imagesOf({ program, prepared: { codes } }: LiveProgram): readonly LoadedImage[] {
    const { machine } = this.session;
    const given = codes.flatMap((functions, code) => functions.map((fn) => ({ code, fn })));
    return program.functions.map((view, i) => {
      const { code, fn } = given[i]!;
      const va = view.bpfFunc ?? 0;
      const words = new Uint32Array(Uint8Array.from(machine.peek(va, view.jitedLen)).buffer);
      return { code, ...compiledOf(fn, view), offsets: view.offsets, words, va };
    });
  }
}

/** The program that a step has loaded, or why it has not. */
export function loadedBy({ result }: Step): LiveProgram | string {
  if (result.kind === "loaded") return result.live as LiveProgram;
  if (result.kind === "refused") return `the JIT refused function ${result.index}: ${describeLoadError(result.error)}`;
  return result.kind === "crashed" ? result.error.message : result.kind;
}

/** Blinding comes between the verifier and the JIT. */
const compiledOf = (
  given: RewrittenFunction,
  { fn, origin }: LiveProgram["program"]["functions"][number],
): Pick<RewrittenFunction, "insns" | "origin"> =>
  origin === undefined ? given : { insns: fn.insns, origin: origin.map((slot) => given.origin[slot]!) };

const ANCHOR_PROGRAM = { first: 1, insns: 2, subprograms: 0, probes: 0 };

/** One run of a step of several, as a step of its own. */
export function apart(step: Step, { execution }: RanProgram): Step {
  return execution === undefined
    ? { ...step, executions: [] }
    : { ...step, executions: [execution], result: { kind: "ran" } };
}
