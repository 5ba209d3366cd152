// Everything that changes while a program runs: registers, memory, call frames, the tail call count. The steps
// (`steps.ts`, `calls.ts`) work on it; `interpret.ts` makes it and drives it.

import { assert } from "../assert.js";
import { type U64, u64 } from "../bits.js";
import { mapList } from "../lists.js";
import { type Context, placeContext } from "./context.js";
import { type HelperState, hasRequests, initialHelperState } from "./helpers.js";
import { FP, type Insn, REGISTERS } from "./insn.js";
import { insnArrayRegion } from "./insn-array.js";
import type { Row } from "./isa.js";
import { isCompared, MapStates, valuesBytes } from "./maps.js";
import {
  type Memory,
  PlainMemory,
  pointerTo,
  type Region,
  RegionMemory,
  unwrittenRegion,
  zeroRegion,
} from "./memory.js";
import type { FaultWhy, Outcome, RegionBytes } from "./outcome.js";
import {
  DEFAULT_LOOPS,
  DEFAULT_TAIL_CALL_COUNT,
  type FrameRange,
  isDataMap,
  type Layout,
  MAX_CALL_DEPTH,
  type Program,
  STACK_BYTES,
  type TailCallCount,
} from "./program.js";
import { StackArguments } from "./stack-arguments.js";

/** What r1..r5 hold after a call, which leaves them undefined: no valid program reads it. */
export const POISON = u64(0xbad0_c0de_bad0_c0den);

/** Which arguments of a call hold something, as it shows where nobody follows the run. */
export const shownArguments = (args: readonly U64[]): readonly boolean[] => args.map((arg) => arg !== POISON);

/** The pc after which there is nothing to run: `RunState.outcome` is set. */
export const STOP = -1;

/** What a local call saves and `exit` restores. */
export interface Observer {
  /** Who follows the run sees what helpers do to memory, and knows himself which bytes were written. */
  observed(memory: Memory): Memory;
  /** Whether r1..r5 are wholly defined. */
  definedArguments(): readonly boolean[];
}

interface Frame {
  readonly code: number;
  /** Where the caller goes on. */
  readonly pc: number;
  /** r6..r10. */
  readonly saved: BigUint64Array;
  /** The callee's stack. */
  readonly stack: Region;
  /** The caller's budget, and how many tail calls had counted before it. */
  readonly loops: number;
  readonly counted: number;
}

const FIRST_SAVED = 6;

export class RunState {
  readonly registers = new BigUint64Array(REGISTERS);
  readonly memory: RegionMemory;
  readonly context: Context;
  readonly stackArguments = new StackArguments<U64>();
  /** The frame of the main program, or of what it has tail called. */
  #stack: Region;
  readonly #frames: Frame[] = [];
  /** By depth, made on the first call of that depth and used again by the next one. */
  readonly #calleeStacks: Region[] = [];
  /** Index of the code that runs. */
  code = 0;
  /** How many have been made, and how many count toward the limit. */
  tailCalls = 0;
  counted = 0;
  /** Whether the last conditional jump was taken. */
  taken = false;
  /** What is left of the budget of `may_goto` in the function that runs. */
  loops = 0;
  outcome: Outcome | undefined;
  #helperState: HelperState | undefined;

  constructor(
    readonly program: Program,
    readonly layout: Layout,
    input: Uint8Array,
    readonly observer?: Observer,
    readonly tailCallCount: TailCallCount = DEFAULT_TAIL_CALL_COUNT,
  ) {
    this.memory = new RegionMemory(observer === undefined);
    const frame = this.#frameRange(0);
    this.#stack = zeroRegion("stack", frame.base, frame.bytes);
    this.context = placeContext(program, layout, input);
    for (const region of [this.#stack, ...this.context.regions]) this.memory.add(region);
    program.maps.forEach((spec, i) => {
      const [name, { base }] = [`map ${i}`, layout.maps[i]!.values];
      this.memory.add(
        spec.kind === "insnArray" ? insnArrayRegion(name, base, spec) : zeroRegion(name, base, valuesBytes(spec)),
      );
    });
    this.registers[FP] = pointerTo(frame.base + frame.bytes);
    // What a map holds at first is seen without a helper.
    if (program.maps.some((spec) => isDataMap(spec) && spec.contents !== undefined)) this.fillMaps();
    this.enter(0);
  }

  private fillMaps(): void {
    const { program, layout } = this;
    const memory = this.observer?.observed(this.memory) ?? this.memory;
    const maps = new MapStates(program.maps, layout, memory);
    const kernel = new PlainMemory(this.context.regions);
    this.#helperState = initialHelperState({ memory, kernel, maps, program, layout });
  }

  /** What helpers see; made on the first call of one, or before the run. */
  get helperState(): HelperState {
    if (this.#helperState === undefined) this.fillMaps();
    return this.#helperState!;
  }

  /** Start a code of the program in the frame that is there for it. */
  enter(code: number): number {
    this.code = code;
    this.registers.fill(0n, 0, FP);
    // Where it shows which of them are defined.
    if (this.program.unknownCalls !== undefined) this.registers.fill(POISON, 1, FIRST_SAVED);
    this.registers[1] = this.context.pointer;
    this.stackArguments.clear();
    this.loops = this.#budget;
    return 0;
  }

  get #budget(): number {
    return this.program.loops ?? DEFAULT_LOOPS;
  }

  fault(pc: number, why: FaultWhy, detail: string): typeof STOP {
    this.outcome = { kind: "faulted", pc, why, detail };
    return STOP;
  }

  /** The fault of the access that the memory refused last. */
  memoryFault(pc: number): typeof STOP {
    return this.fault(pc, this.memory.fault.why, this.memory.fault.detail);
  }

  poisonArguments(): void {
    this.stackArguments.forget();
    this.registers.fill(POISON, 1, FIRST_SAVED);
  }

  /** Whether another local call would be one too many. */
  get isDeepest(): boolean {
    return this.#frames.length + 1 >= MAX_CALL_DEPTH;
  }

  /** Give a local call its frame; `exit` will go on at `pc`. */
  pushFrame(pc: number): void {
    const saved = this.registers.slice(FIRST_SAVED);
    const stack = this.#freshStack(this.#frames.length);
    this.#frames.push({ code: this.code, pc, saved, stack, loops: this.loops, counted: this.counted });
    this.loops = this.#budget;
    this.stackArguments.enter();
  }

  /** Leave the function that runs: where its caller goes on, or STOP with the outcome set. */
  exit(): number {
    const frame = this.#frames.pop();
    if (frame === undefined) {
      this.outcome = { kind: "returned", r0: this.registers[0]!, code: this.code, regions: this.#dump() };
      return STOP;
    }
    this.memory.remove(frame.stack);
    this.code = frame.code;
    this.loops = frame.loops;
    if (this.tailCallCount.forgetsReturned) this.counted = frame.counted;
    this.registers.set(frame.saved, FIRST_SAVED);
    this.poisonArguments();
    return frame.pc;
  }

  /** A tail call to `code`: the frame that it leaves is gone, the one that it enters holds nothing of its own yet. */
  replaceFrame(code: number): void {
    const frame = this.#frames.pop();
    if (frame === undefined) {
      this.memory.remove(this.#stack);
      const { base, bytes } = this.#frameRange(code);
      this.#stack = unwrittenRegion("stack", base, bytes);
      this.memory.add(this.#stack);
      this.registers[FP] = pointerTo(base + bytes);
      return;
    }
    this.memory.remove(frame.stack);
    this.#frames.push({ ...frame, stack: this.#freshStack(this.#frames.length) });
  }

  #frameRange(code: number): FrameRange {
    const range = this.layout.frames[code];
    assert(range !== undefined, () => `no frame for code ${code}, the layout has ${this.layout.frames.length}`);
    return range;
  }

  /** A stack for the local call at this depth (0: called by the main program), with r10 at its top. */
  #freshStack(depth: number): Region {
    const { base, bytes } = this.layout.calleeStacks;
    const low = base + bytes - (depth + 1) * STACK_BYTES;
    assert(low >= base, () => `${bytes} bytes of callee stacks are too few for ${depth + 1} frames`);
    this.#calleeStacks[depth] ??= unwrittenRegion(`stack of call ${depth + 1}`, low, STACK_BYTES);
    const stack = this.#calleeStacks[depth];
    stack.written?.fill(0);
    this.memory.add(stack);
    this.registers[FP] = pointerTo(low + STACK_BYTES);
    return stack;
  }

  #dump(): readonly RegionBytes[] {
    const { name, bytes } = this.#stack;
    const written = this.#writtenOfFrame();
    const regions = mapList(this.context.regions, (region) => ({ name: region.name, bytes: region.bytes }));
    return [{ name, bytes, written }, ...regions, ...this.#dumpMaps(), ...this.#dumpRequests()];
  }

  #dumpRequests(): readonly RegionBytes[] {
    if (!hasRequests(this.program)) return [];
    const { requests } = this.helperState;
    return [{ name: "requests", bytes: requests.dump(), written: requests.defined() }];
  }

  /** All but what earlier frames left there, and what the kernel keeps there for itself. */
  #writtenOfFrame(): Uint8Array | undefined {
    const { written, bytes } = this.#stack;
    return withoutCounter(this.#frameRange(this.code), bytes.length, written);
  }

  #dumpMaps(): readonly RegionBytes[] {
    return this.program.maps.flatMap((spec, i) =>
      isCompared(spec) ? [{ name: `map ${i}`, bytes: this.helperState.maps.dump(i) }] : [],
    );
  }
}

/** @param written which bytes of the frame are the program's doing; undefined for all */
export function withoutCounter(frame: FrameRange, bytes: number, written?: Uint8Array): Uint8Array | undefined {
  const { base, counter } = frame;
  if (counter === undefined) return written;
  return (written?.slice() ?? new Uint8Array(bytes).fill(1)).fill(0, counter - base, counter - base + COUNTER_BYTES);
}
const COUNTER_BYTES = 8;

/** A register as a word: the registers array holds nothing else. */
export const word = (registers: BigUint64Array, index: number): U64 => registers[index] as U64;

/** @returns the pc of the next slot, or `STOP` with the outcome set. */
export type Step = (run: RunState) => number;

/** One slot in its code. */
export interface Slot<R extends Row> {
  readonly row: R;
  readonly insn: Insn;
  readonly pc: number;
  readonly code: readonly Insn[];
}
