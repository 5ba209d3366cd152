// The subject `impl`: verifier's lowering, JIT, pack allocator and text poke on a simulated machine, the code then run by
// an engine from the bytes that were read back out of read-only memory.

import type { Engine, EngineOutcome, TraceState, Trap } from "../../engines/engine.js";
import { DEFAULT_ENV, type JitEnv } from "../../impl/jit/env.js";
import { frameOf } from "../../impl/jit/frame.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { slotOfWord } from "../../impl/jit/passes.js";
import { BPF_PROG_CHUNK_SIZE } from "../../impl/pack/prog-pack.js";
import { type BpfProg, describeLoadError } from "../../impl/program/bpf-prog.js";
import { fixupException } from "../../impl/program/fixup-exception.js";
import { Kernel } from "../../impl/program/kernel.js";
import { freeProgram, type LoadedProgram, loadProgram } from "../../impl/program/load.js";
import type { LoweredFunction } from "../../impl/verifier/rewrite.js";
import { pointer, type RoAddr, type Va } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { loadedBreaches } from "../../properties/oracles/code/loaded-code.js";
import { flushCountBreaches } from "../../properties/oracles/flush-covers-writes.js";
import { lockBreaches } from "../../properties/oracles/lock-discipline.js";
import {
  type Account,
  accountOf,
  freeBreaches,
  loadBreaches,
  regionsOf,
} from "../../properties/oracles/text-memory.js";
import { aliasBreaches } from "../../properties/oracles/w-xor-x.js";
import { u64 } from "../../spec/bits.js";
import { type HelperWorld, initialWorld } from "../../spec/bpf/helpers.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { MapStates } from "../../spec/bpf/maps.js";
import type { Outcome, RegionBytes } from "../../spec/bpf/outcome.js";
import type { Layout, Program, Range } from "../../spec/bpf/program.js";
import type { Facts } from "../../spec/bpf/validate/validate.js";
import { repeatable } from "../blind.js";
import type { CaseEnv } from "../case.js";
import { lowerProgram } from "../lowering.js";
import type { Loaded, LoadedImage, ProgramLoad, ProgramSubject, SubjectOutcome } from "../program-subject.js";
import { execute } from "../run/execute.js";
import { helperTraps } from "../run/helper-traps.js";
import { CALL_BASE, frameAt } from "../run/layout.js";
import { MachineMemory } from "../run/machine-memory.js";
import { Stage } from "../run/run-memory.js";

/** Frames of the machine, if the engine wants them in its own memory: packs, heap and regions of the largest case. */
const PHYSICAL_BYTES = 256 << 20;
/** Two register pairs: the frame record, and the tail-call counter with its pointer. */
const LINKAGE_BYTES = 32;

/** One code of a program, compiled and placed. */
export interface Code {
  readonly lowered: readonly LoweredFunction[];
  readonly program: LoadedProgram;
}

export interface SubjectOptions {
  /** Each run is made on all of them. */
  readonly engines: readonly Engine[];
  readonly env?: JitEnv;
  /** A64 instructions a run. */
  readonly fuel: number;
  /** Called before each A64 instruction, with everything that is loaded. */
  readonly trace?: (state: TraceState, codes: readonly Code[]) => void;
}

/** The machine's log is kept, and judged, for one load in that many; the first is among them. */
const LOADS_A_LOG = 8;

/** `r0 = 0; exit`, kept loaded so that the first pack is not given back between two cases. */
const ANCHOR: JitFunction = {
  insns: [insn(rowById("mov imm")), insn(rowById("exit"))],
  index: 0,
  stackDepth: 0,
};

export class JitSubject implements ProgramSubject {
  readonly name = "impl";
  readonly machine: Machine;
  readonly kernel: Kernel;
  private readonly stage: Stage;
  private readonly memory: MachineMemory;
  private readonly traps: ReadonlyMap<Va, Trap>;
  private hole = 0;
  private loads = 0;
  private skipped: { readonly va: RoAddr; readonly bytes: number } | undefined;
  private world: HelperWorld | undefined;

  constructor(private readonly options: SubjectOptions) {
    const physical = options.engines.find((engine) => engine.physical !== undefined)?.physical?.(PHYSICAL_BYTES);
    this.machine = new Machine({ physical });
    const { machine } = this;
    const env: JitEnv = { ...(options.env ?? DEFAULT_ENV), callBase: CALL_BASE };
    this.kernel = new Kernel({ machine, env, random: (below) => Math.min(this.hole, below - 1) });
    loadProgram(this.kernel, [ANCHOR]);
    this.stage = new Stage(machine, env.offsets);
    this.memory = new MachineMemory(machine);
    this.traps = helperTraps(() => this.world!);
  }

  load(program: Program, facts: Facts, caseEnv: CaseEnv): ProgramLoad {
    const lowered = lowerProgram(program, facts, caseEnv);
    const env: JitEnv = { ...this.kernel.env, lse: caseEnv.cpu === "lse" };
    this.skip(caseEnv.skip ?? 0);
    this.kernel.blinding = caseEnv.blind === true ? repeatable() : undefined;
    const loaded = this.loadLowered(program, lowered, env, caseEnv.hole);
    this.kernel.blinding = undefined;
    return loaded;
  }

  /** Take chunks of the pack until the program is freed. */
  private skip(chunks: number): void {
    const { packs } = this.kernel;
    if (this.skipped !== undefined) packs.bpfProgPackFree(this.skipped.va, this.skipped.bytes);
    const bytes = chunks * BPF_PROG_CHUNK_SIZE;
    const va = bytes === 0 ? undefined : packs.bpfProgPackAlloc(bytes);
    this.skipped = va === undefined ? undefined : { va, bytes };
  }

  /** Compile what a verifier has already lowered: by code, its functions. `program` says what the runs need. */
  loadLowered(
    program: Program,
    lowered: readonly (readonly LoweredFunction[])[],
    env: JitEnv,
    hole: number,
  ): ProgramLoad {
    this.kernel.env = env;
    this.hole = hole;
    const codes: Code[] = [];
    const before = accountOf(this.kernel);
    const log = this.loads++ % LOADS_A_LOG === 0 ? new EventLog() : undefined;
    this.machine.onEvent = log?.listener;
    for (const functions of lowered) {
      const loaded = loadProgram(this.kernel, functions);
      if (!loaded.ok) {
        this.free(codes, before, log);
        return { ok: false, why: `the JIT refused function ${loaded.index}: ${describeLoadError(loaded.error)}` };
      }
      codes.push({
        lowered: functions.map((fn, i) => asCompiled(fn, loaded.program.functions[i]!)),
        program: loaded.program,
      });
    }
    return { ok: true, loaded: this.loaded(program, codes, before, log) };
  }

  private loaded(program: Program, codes: readonly Code[], before: Account, log: EventLog | undefined): Loaded {
    const functions = codes.flatMap((code) => code.program.functions);
    const logged = this.logged(log);
    const structure = codes.flatMap(({ program }) => loadedBreaches(this.kernel, program.functions));
    return {
      images: () => codes.flatMap((code, index) => this.imagesOf(code, index)),
      frames: codes.map(({ lowered }) => frameOfMain(lowered[0]!)),
      words: functions.reduce((n, { jitedLen }) => n + jitedLen / 4, 0),
      breaches: [...loadBreaches(this.kernel, functions, before), ...structure, ...logged],
      run: (input, layout, lastCode) =>
        this.options.engines.map((engine) => this.run(engine, program, codes, input, layout, lastCode)),
      free: () => this.free(codes, before, log),
    };
  }

  private imagesOf({ lowered, program }: Code, code: number): readonly LoadedImage[] {
    return program.functions.map(({ bpfFunc, jitedLen, offsets }, i) => {
      const va = bpfFunc ?? 0;
      const { insns, origin } = lowered[i]!;
      const words = new Uint32Array(Uint8Array.from(this.machine.peek(va, jitedLen)).buffer);
      return { code, insns, origin, offsets, words, va };
    });
  }

  /** `before`: the account before the first of them was loaded. */
  private free(codes: readonly Code[], before: Account, log: EventLog | undefined): readonly string[] {
    const regions = codes.flatMap(({ program }) => regionsOf(this.kernel, program.functions));
    this.machine.onEvent = log?.listener;
    for (const { program } of codes) freeProgram(this.kernel, program);
    return [...this.logged(log), ...freeBreaches(this.kernel, regions, before)];
  }

  /** End a log, if one was kept, and judge it. */
  private logged(log: EventLog | undefined): readonly string[] {
    this.machine.onEvent = undefined;
    if (log === undefined) return [];
    const events = log.events();
    log.clear();
    return [...aliasBreaches(events), ...flushCountBreaches(events), ...lockBreaches(events)];
  }

  private run(
    engine: Engine,
    program: Program,
    codes: readonly Code[],
    input: Uint8Array,
    layout: Layout,
    lastCode: number,
  ): SubjectOutcome {
    const entries = codes.map((code) => code.program.bpfFunc);
    const functions = codes.flatMap((code) => code.program.functions);
    this.stage.set(program, layout, input, entries);
    const maps = new MapStates(program.maps, layout, this.memory);
    this.world = initialWorld(this.memory, maps);
    const { trace } = this.options;
    const result = execute(engine, {
      machine: this.machine,
      entry: entries[0]!,
      args: [pointer(layout.context.base)],
      fuel: this.options.fuel,
      traps: this.traps,
      fixup: (pc) => fixupException(this.kernel, functions, pc),
      trace: trace && ((state) => trace(state, codes)),
    });
    const returned = (x0: bigint): Outcome => {
      const regions = [...this.stage.regions(program, layout.frames[lastCode]!), ...dumpMaps(program, maps)];
      return { kind: "returned", r0: u64(x0), code: lastCode, regions };
    };
    return { engine: engine.name, outcome: this.outcome(result, codes, returned), executed: result.executed };
  }

  private outcome(result: EngineOutcome, codes: readonly Code[], returned: (x0: bigint) => Outcome): Outcome {
    switch (result.kind) {
      case "returned": {
        const trespass = this.stage.trespass();
        if (trespass !== undefined) return { kind: "faulted", pc: undefined, why: "machine", detail: trespass };
        return returned(result.x0);
      }
      case "violated":
        return { kind: "faulted", pc: undefined, why: "machine", detail: result.rule };
      case "faulted": {
        const isAccess = result.why === "badRead" || result.why === "badWrite" || result.why === "trap";
        const detail = `${result.why} at 0x${result.pc.toString(16)}: ${result.detail}`;
        return { kind: "faulted", pc: slotAt(codes, result.pc), why: isAccess ? "badAccess" : "machine", detail };
      }
      case "outOfFuel":
        return { kind: "outOfFuel" };
      default:
        return result satisfies never;
    }
  }
}

/** Blinding comes between the lowering and the JIT. */
const asCompiled = (lowered: LoweredFunction, { fn, origin }: BpfProg): LoweredFunction =>
  origin === undefined ? lowered : { ...lowered, insns: fn.insns, origin: origin.map((slot) => lowered.origin[slot]!) };

/**
 * Where the frame of a main function lies, from what its prologue pushes.
 *
 * @param above bytes that others have pushed before
 */
export function frameOfMain(fn: JitFunction, above = 0): Range {
  const { pushed, stackBytes } = frameOf(fn);
  return frameAt(above + LINKAGE_BYTES + 16 * pushed.length, stackBytes);
}

export const dumpMaps = (program: Program, maps: MapStates): RegionBytes[] =>
  program.maps.flatMap((spec, i) => (spec.kind === "progArray" ? [] : [{ name: `map ${i}`, bytes: maps.dump(i) }]));

/** The slot of the code that was running for the A64 instruction at `pc`. */
function slotAt(codes: readonly Code[], pc: Va): number | undefined {
  for (const { lowered, program } of codes) {
    const index = program.functions.findIndex((prog) => isWithin(prog, pc));
    const prog = program.functions[index];
    if (prog === undefined) continue;
    const slot = slotOfWord(prog.offsets, (pc - prog.bpfFunc!) / 4);
    return slot === undefined ? undefined : lowered[index]?.origin[slot];
  }
  return undefined;
}

const isWithin = ({ bpfFunc, jitedLen }: BpfProg, pc: Va): boolean =>
  bpfFunc !== undefined && pc >= bpfFunc && pc < bpfFunc + jitedLen;
