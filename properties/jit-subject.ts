// The subject `impl`: verifier's lowering, JIT, pack allocator and text poke on a simulated machine, the code then run by
// an engine from the bytes that were read back out of read-only memory.

import { type Engine, type EngineOutcome, type Trap, TrapFault } from "../engines/engine.js";
import { DEFAULT_ENV, type JitEnv } from "../impl/jit/env.js";
import { frameOf } from "../impl/jit/frame.js";
import { slotOfWord } from "../impl/jit/passes.js";
import { describeLoad } from "../impl/program/bpf-prog.js";
import { type LoweredFunction, lower, type VerifierEnv } from "../impl/verifier/lower.js";
import { pointer, type RoAddr, type Va } from "../machine/address.js";
import { type U64, u64 } from "../spec/bits.js";
import { HELPERS, type HelperWorld, initialWorld } from "../spec/bpf/helpers.js";
import { MapStates } from "../spec/bpf/maps.js";
import type { Outcome, RegionBytes } from "../spec/bpf/outcome.js";
import type { Layout, Program, Range } from "../spec/bpf/program.js";
import type { Facts } from "../spec/bpf/validate/validate.js";
import type { CaseEnv } from "./case.js";
import { type Image, ImageStore } from "./image-store.js";
import { CALL_BASE, ENTRY_SP, frameAt, layoutOf, STACK } from "./layout.js";
import { MachineMemory } from "./machine-memory.js";
import { Stage } from "./stage.js";
import type { Loaded, LoadResult, Subject, SubjectOutcome } from "./subject.js";

/** Bytes of kernel text that stand for one helper. */
const HELPER_BYTES = 64;
const helperOffset = (id: number): number => 0x1000 + id * HELPER_BYTES;
/** Two register pairs: the frame record, and the tail-call counter with its pointer. */
const LINKAGE_BYTES = 32;

/** One code of a program, compiled and placed. */
interface Code {
  readonly functions: readonly LoweredFunction[];
  readonly images: readonly Image[];
}

export interface SubjectOptions {
  readonly engine: Engine;
  readonly env?: JitEnv;
  /** A64 instructions a run. */
  readonly fuel: number;
}

export class JitSubject implements Subject {
  readonly name = "impl";
  readonly store = new ImageStore();
  private readonly stage: Stage;
  private readonly memory: MachineMemory;
  private readonly env: JitEnv;
  private readonly traps: ReadonlyMap<Va, Trap>;
  private world: HelperWorld | undefined;

  constructor(private readonly options: SubjectOptions) {
    this.env = options.env ?? DEFAULT_ENV;
    this.stage = new Stage(this.store.machine, this.env.offsets);
    this.memory = new MachineMemory(this.store.machine);
    this.traps = new Map([...HELPERS.keys()].map((id) => [CALL_BASE + helperOffset(id), this.trapOf(id)]));
  }

  load(program: Program, facts: Facts, caseEnv: CaseEnv): LoadResult {
    const env: JitEnv = { ...this.env, lse: caseEnv.cpu === "lse", callBase: CALL_BASE };
    const layout = layoutOf(program, 0);
    const verifier: VerifierEnv = {
      mapObject: (index) => layout.maps[index]!.object.base,
      mapValues: (index) => layout.maps[index]!.values.base,
      helperOffset: (id) => (HELPERS.has(id) ? helperOffset(id) : undefined),
    };
    const codes: Code[] = [];
    for (const [index, code] of program.code.entries()) {
      const functions = facts.functions.filter((fn) => fn.code === index);
      const contextLoads = facts.contextLoads[index] ?? new Set<number>();
      const lowered = lower(code, { functions, contextLoads }, verifier).functions;
      const placed = this.store.load(lowered, env, caseEnv.hole);
      if (!placed.ok) {
        codes.forEach(({ images }) => {
          this.store.free(images);
        });
        return { ok: false, why: `the JIT refused function ${placed.index}: ${describeLoad(placed.error)}` };
      }
      codes.push({ functions: lowered, images: placed.images });
    }
    return { ok: true, loaded: this.loaded(program, codes) };
  }

  private loaded(program: Program, codes: readonly Code[]): Loaded {
    const entries = codes.map(({ images }) => images[0]!.roImage);
    return {
      frames: codes.map(({ functions }) => frameOfMain(functions[0]!)),
      words: codes.reduce((n, { images }) => n + images.reduce((m, image) => m + image.jitedBytes / 4, 0), 0),
      run: (input, layout, lastCode) => this.run(program, codes, entries, input, layout, lastCode),
      free: () => {
        for (const { images } of codes) this.store.free(images);
      },
    };
  }

  private run(
    program: Program,
    codes: readonly Code[],
    entries: readonly RoAddr[],
    input: Uint8Array,
    layout: Layout,
    lastCode: number,
  ): SubjectOutcome {
    this.stage.set(program, layout, input, entries);
    const maps = new MapStates(program.maps, layout, this.memory);
    this.world = initialWorld(this.memory, maps);
    const result = this.options.engine.run({
      machine: this.store.machine,
      cpu: 0,
      entry: entries[0]!,
      args: [pointer(layout.context.base)],
      stackTop: ENTRY_SP,
      stackLow: STACK.base,
      fuel: this.options.fuel,
      traps: this.traps,
    });
    const outcome = this.outcome(result, codes, () => [
      ...this.stage.regions(program, layout.frames[lastCode]!),
      ...dumpMaps(program, maps),
    ]);
    return {
      outcome: lastCode === 0 ? outcome : ({ ...outcome, code: lastCode } as Outcome),
      executed: result.executed,
    };
  }

  private outcome(result: EngineOutcome, codes: readonly Code[], regions: () => readonly RegionBytes[]): Outcome {
    switch (result.kind) {
      case "returned": {
        const trespass = this.stage.trespass();
        if (trespass !== undefined) return { kind: "faulted", pc: undefined, why: "machine", detail: trespass };
        return { kind: "returned", r0: u64(result.x0), code: 0, regions: regions() };
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

  private trapOf(id: number): Trap {
    const helper = HELPERS.get(id)!;
    return (args) => {
      const result = helper.run(this.world!, [...args] as U64[]);
      if (!result.ok) throw new TrapFault(`${helper.name}: ${result.detail}`);
      return result.r0;
    };
  }
}

/** Where the frame of a main function lies, from what its prologue pushes. */
function frameOfMain(fn: LoweredFunction): Range {
  const { pushed, stackBytes } = frameOf(fn);
  return frameAt(LINKAGE_BYTES + 16 * pushed.length, stackBytes);
}

const dumpMaps = (program: Program, maps: MapStates): RegionBytes[] =>
  program.maps.flatMap((spec, i) => (spec.kind === "progArray" ? [] : [{ name: `map ${i}`, bytes: maps.dump(i) }]));

/** The slot of the code that was running for the A64 instruction at `pc`. */
function slotAt(codes: readonly Code[], pc: Va): number | undefined {
  for (const { functions, images } of codes) {
    for (const [i, { roImage, jitedBytes, offsets }] of images.entries()) {
      if (pc < roImage || pc >= roImage + jitedBytes) continue;
      const slot = slotOfWord(offsets, (pc - roImage) / 4);
      return slot === undefined ? undefined : functions[i]?.origin[slot];
    }
  }
  return undefined;
}
