// Follows a run of the interpreter and says where a program does what nobody has given a meaning: it uses a value that was
// never written, reaches outside of what its pointer was made for, or lets the place of a local call's frame decide
// something. Such a program has no right answer, so there is nothing to compare. Only here is that decided.
//
// Before each step the rules of `rules.ts` and `calls.ts` look at its operands; what is known of the results is noted
// beside the run. The step itself is the interpreter's own (`../steps.ts`): it is the same with and without a tracker.

import { type Insn, REGISTERS } from "../insn.js";
import { valuesBytes } from "../maps.js";
import type { Memory } from "../memory.js";
import type { Outcome, RegionBytes } from "../outcome.js";
import { type Layout, type Program, STACK_BYTES } from "../program.js";
import type { RunState } from "../run-state.js";
import { ShadowMemory } from "./shadow-memory.js";
import { DEFINED, pointerValue, type Target, UNDEFINED, type Value } from "./value.js";

/** What a verifier has found out that a run does not show. */
export interface TrackFacts {
  /** Per code: the slots of loads whose base is the xdp context. */
  readonly contextLoads: readonly ReadonlySet<number>[];
  /** Where the frame of the program lies, and that it holds zeros, is the same for both witnesses. Default: yes. */
  readonly isFrameKnown?: boolean;
}

const FIRST_SAVED = 6;
const FP = 10;

interface Caller {
  readonly saved: readonly Value[];
  readonly frame: Target;
}

export class Tracker {
  readonly memory = new ShadowMemory();
  readonly values: Value[] = new Array<Value>(REGISTERS).fill(UNDEFINED);
  readonly maps: readonly { readonly object: Target; readonly values: Target }[];
  readonly context: Target;
  readonly packet: Target;
  /** Of the function that runs. */
  frame: Target;
  readonly #callers: Caller[] = [];
  /** What was read into these bytes, where not all of it was defined: they may be written elsewhere. */
  readonly #read = new WeakMap<Uint8Array, Uint8Array>();

  constructor(
    readonly program: Program,
    readonly layout: Layout,
    readonly facts: TrackFacts,
    inputBytes: number,
  ) {
    const isXdp = program.context === "xdp";
    const { context, packet } = layout;
    this.context = {
      ...{ kind: "context", name: isXdp ? "the xdp context" : "the input", base: context.base },
      bytes: isXdp ? context.bytes : inputBytes,
    };
    this.packet = { kind: "packet", name: "the packet", base: packet.base, bytes: isXdp ? inputBytes : 0 };
    this.maps = program.maps.map((spec, map) => {
      const { object, values } = layout.maps[map]!;
      const name = `map ${spec.name ?? map}`;
      return {
        object: { kind: "map", name, ...object, map },
        values: { kind: "value", name: `the value of ${name}`, base: values.base, bytes: valuesBytes(spec), map },
      };
    });
    this.frame = this.#mainFrame(0);
    if (facts.isFrameKnown === false) this.memory.forget(this.frame.base, this.frame.bytes);
    this.enter();
  }

  #mainFrame(code: number): Target {
    const { base, bytes } = this.layout.frames[code]!;
    return { kind: "frame", name: "the stack", base, bytes, isElsewhere: this.facts.isFrameKnown === false };
  }

  /** A program begins: it has its context and its frame. */
  enter(): void {
    this.values.fill(UNDEFINED);
    this.values[1] = pointerValue(this.context);
    this.values[FP] = pointerValue(this.frame);
  }

  /** A local call has begun in a frame that ends at `top`. */
  pushFrame(top: number): void {
    this.#callers.push({ saved: this.values.slice(FIRST_SAVED), frame: this.frame });
    this.frame = this.#calleeFrame(top);
    this.values[0] = UNDEFINED;
    this.values.fill(UNDEFINED, FIRST_SAVED);
    this.values[FP] = pointerValue(this.frame);
  }

  /** A local call has returned. */
  popFrame(): void {
    const caller = this.#callers.pop();
    if (caller === undefined) return;
    this.frame.isGone = true;
    this.frame = caller.frame;
    caller.saved.forEach((value, i) => {
      this.values[FIRST_SAVED + i] = value;
    });
    this.forgetArguments();
  }

  /** A tail call has entered `code`, whose frame ends at `top`. */
  replaceFrame(code: number, top: number): void {
    this.frame.isGone = true;
    if (this.isInCall) this.frame = this.#calleeFrame(top);
    else {
      this.frame = this.#mainFrame(code);
      this.memory.forget(this.frame.base, this.frame.bytes);
    }
    this.enter();
  }

  get isInCall(): boolean {
    return this.#callers.length > 0;
  }

  forgetArguments(): void {
    this.values.fill(UNDEFINED, 1, FIRST_SAVED);
  }

  /** What a number from the xdp context is: a pointer, if it lies in the packet or at its end. */
  fieldOf(place: number): Value {
    const { base, bytes } = this.packet;
    return place >= base && place <= base + bytes ? pointerValue(this.packet) : DEFINED;
  }

  /** Memory as helpers see it, which keeps account of what they copy. */
  observed(memory: Memory): Memory {
    return {
      read: (address, bytes) => {
        if (!memory.read(address, bytes)) return false;
        const defined = this.memory.definedBytes(placeOf(address), bytes.length);
        if (defined === undefined) this.#read.delete(bytes);
        else this.#read.set(bytes, defined);
        return true;
      },
      write: (address, bytes) => {
        if (!memory.write(address, bytes)) return false;
        this.memory.mark(placeOf(address), bytes.length, this.#read.get(bytes));
        return true;
      },
    };
  }

  /** The outcome of the run, with what may differ in its regions. */
  finished(outcome: Outcome, run: RunState): Outcome {
    if (outcome.kind !== "returned") return outcome;
    return { ...outcome, regions: outcome.regions.map((region) => this.#masked(region, run)) };
  }

  #masked(region: RegionBytes, run: RunState): RegionBytes {
    const index = this.program.maps.findIndex((_, i) => region.name === `map ${i}`);
    const written = index < 0 ? this.#definedIn(region) : this.#definedInMap(index, run);
    return { name: region.name, bytes: region.bytes, ...(written && { written }) };
  }

  #definedIn({ name, bytes }: RegionBytes): Uint8Array | undefined {
    const target = name === "stack" ? this.frame : name === "packet" ? this.packet : this.context;
    return this.memory.definedBytes(target.base, bytes.length);
  }

  /** Dumped as the values are, so that each byte stands where its own does. */
  #definedInMap(index: number, run: RunState): Uint8Array | undefined {
    const { base, bytes } = this.maps[index]!.values;
    if (this.memory.isDefined(base, bytes)) return undefined;
    const shadow: Memory = {
      read: (address, into) => {
        into.set(this.memory.definedBytes(placeOf(address), into.length) ?? into.fill(1));
        return true;
      },
      write: () => false,
    };
    const dump = run.world.maps.dump(index, shadow);
    const spec = this.program.maps[index]!;
    if (spec.kind !== "hash") return dump;
    const entryBytes = spec.keyBytes + spec.valueBytes;
    for (let at = 0; at < dump.length; at += entryBytes) dump.fill(1, at, at + spec.keyBytes);
    return dump;
  }

  #calleeFrame(top: number): Target {
    const base = top - STACK_BYTES;
    this.memory.forget(base, STACK_BYTES);
    return { kind: "frame", name: "the frame of a local call", base, bytes: STACK_BYTES, isElsewhere: true };
  }
}

export const placeOf = (address: bigint): number => Number(BigInt.asUintN(48, address));

/** An instruction where it stands. */
export interface Place {
  readonly tracker: Tracker;
  readonly run: RunState;
  readonly insn: Insn;
  readonly pc: number;
}
