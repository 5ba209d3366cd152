// Follows a run of the interpreter and says where a program does what nobody has given a meaning: it uses a value that was
// never written, reaches outside of what its pointer was made for, or lets the place of a local call's frame decide
// something. Such a program has no right answer, so there is nothing to compare. Only here is that decided.
//
// Before each step the rules of `rules.ts` and `calls.ts` look at its operands; what is known of the results is noted
// beside the run. The step itself is the interpreter's own (`../steps.ts`): it is the same with and without a tracker.

import { structureOf } from "../context-fields.js";
import { type Insn, REGISTERS } from "../insn.js";
import { slotAddress } from "../insn-array.js";
import { ADDRESS_BYTES, valuesBytes } from "../maps.js";
import type { Memory } from "../memory.js";
import type { Outcome, RegionBytes } from "../outcome.js";
import { type ContextKind, type InsnArrayMap, isDataMap, type Layout, type Program, STACK_BYTES } from "../program.js";
import { type Observer, type RunState, withoutCounter } from "../run-state.js";
import { StackArguments } from "../stack-arguments.js";
import { ShadowMemory } from "./shadow-memory.js";
import { pointerValue, type Target, UNDEFINED, type Value } from "./value.js";

/** What a verifier has found out that a run does not show. */
export interface TrackFacts {
  /** Per code: the slots of loads whose base is the xdp context. */
  readonly contextLoads: readonly ReadonlySet<number>[];
  /** Where the frame of the program lies, and that it holds zeros, is the same for both witnesses. Default: yes. */
  readonly isFrameKnown?: boolean;
}

/** A kernel's stack, at most. */
const STACK_ROOM = 0x1_0000;
const FIRST_SAVED = 6;
const FP = 10;

interface Caller {
  readonly saved: readonly Value[];
  readonly frame: Target;
}

export class Tracker implements Observer {
  readonly memory = new ShadowMemory();
  readonly values: Value[] = new Array<Value>(REGISTERS).fill(UNDEFINED);
  readonly stackArguments = new StackArguments<Value>();
  readonly maps: readonly { readonly object: Target; readonly values: Target }[];
  readonly context: Target;
  /** Of what the packet is now. */
  packet: Target;
  /** Of the function that runs. */
  frame: Target;
  /** Bytes that the call which runs asks for. */
  reserved = 0;
  /** Whether the helper that runs has read what is not wholly defined, or tried to read beside the frame. */
  hasReadUndefined = false;
  hasReadBeside = false;
  readonly #callers: Caller[] = [];
  /** What was read into these bytes, where not all of it was defined: they may be written elsewhere. */
  readonly #read = new WeakMap<Uint8Array, Uint8Array>();

  constructor(
    readonly program: Program,
    readonly layout: Layout,
    readonly facts: TrackFacts,
    inputBytes: number,
  ) {
    const structure = structureOf(program.context);
    const { context, packet, headroom = 0 } = layout;
    this.context = {
      kind: "context",
      name: contextName(program.context),
      base: context.base,
      bytes: structure?.bytes ?? inputBytes,
    };
    const packetLength = structure === undefined ? 0 : inputBytes;
    this.packet = { kind: "packet", name: "the packet", base: packet.base + headroom, bytes: packetLength };
    this.maps = program.maps.map((spec, map) => {
      const { object, values } = layout.maps[map]!;
      const name = `map ${spec.name ?? map}`;
      return {
        object: { kind: "map", name, ...object, map },
        values: { kind: "value", name: `the value of ${name}`, base: values.base, bytes: valuesBytes(spec), map },
      };
    });
    program.maps.forEach((map, i) => {
      if (map.kind === "insnArray") this.#holdsInstructions(map, this.maps[i]!.values.base);
    });
    this.frame = this.#mainFrame(0);
    if (facts.isFrameKnown === false) this.memory.forget(this.frame.base, this.frame.bytes);
    this.enter();
  }

  #holdsInstructions({ code, slots }: InsnArrayMap, base: number): void {
    slots.forEach((slot, i) => {
      const place = placeOf(slotAddress(code, slot));
      const target = {
        kind: "instruction",
        name: `instruction ${slot}`,
        base: place,
        bytes: 0,
        isElsewhere: true,
      } as const;
      this.memory.store(base + ADDRESS_BYTES * i, ADDRESS_BYTES, pointerValue(target));
    });
  }

  #mainFrame(code: number): Target {
    const { base, bytes } = this.layout.frames[code]!;
    return { kind: "frame", name: "the stack", base, bytes, isElsewhere: this.facts.isFrameKnown === false };
  }

  /** A program begins: it has its context and its frame. */
  enter(): void {
    this.values.fill(UNDEFINED);
    this.stackArguments.clear();
    this.values[1] = pointerValue(this.context);
    this.values[FP] = pointerValue(this.frame);
  }

  /** A local call has begun in a frame that ends at `top`. */
  pushFrame(top: number): void {
    this.#callers.push({ saved: this.values.slice(FIRST_SAVED), frame: this.frame });
    this.frame = this.#calleeFrame(top);
    this.values[0] = UNDEFINED;
    this.values.fill(UNDEFINED, FIRST_SAVED);
    this.stackArguments.enter();
    this.values[FP] = pointerValue(this.frame);
  }

  /** A local call has returned. */
  popFrame(): void {
    const caller = this.#callers.pop();
    if (caller === undefined) return;
    this.frame.isGone = this.frame.name;
    this.frame = caller.frame;
    caller.saved.forEach((value, i) => {
      this.values[FIRST_SAVED + i] = value;
    });
    this.forgetArguments();
  }

  /** A tail call has entered `code`, whose frame ends at `top`. */
  replaceFrame(code: number, top: number): void {
    this.frame.isGone = this.frame.name;
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
    this.stackArguments.forget();
  }

  /** A helper has moved the packet: pointers to what it was are none. */
  movePacket({ meta, end }: { readonly meta: number; readonly end: number }, by: string): void {
    this.packet.isGone = `the packet as it was before ${by}`;
    this.packet = { kind: "packet", name: "the packet", base: meta, bytes: end - meta };
  }

  definedArguments(): readonly boolean[] {
    return [1, 2, 3, 4, 5].map((register) => this.values[register]!.undefined === 0n);
  }

  /** Memory as helpers see it, which keeps account of what they copy. */
  observed(memory: Memory): Memory {
    return {
      read: (address, bytes) => {
        if (!memory.read(address, bytes)) {
          this.hasReadBeside ||= this.#isNearStack(placeOf(address), bytes.length);
          return false;
        }
        const defined = this.memory.definedBytes(placeOf(address), bytes.length);
        if (defined === undefined) this.#read.delete(bytes);
        else {
          this.#read.set(bytes, defined);
          this.hasReadUndefined = true;
        }
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
    const isSent = region.name === "requests" || (index >= 0 && run.helperState.maps.sink(index) !== undefined);
    const written = isSent
      ? this.#definedInRecords(index, run)
      : index < 0
        ? this.#definedIn(region, run.code)
        : this.#definedInMap(index, run);
    return { name: region.name, bytes: region.bytes, ...(written && { written }) };
  }

  #definedIn({ name, bytes }: RegionBytes, code: number): Uint8Array | undefined {
    const { packet, context } = this.layout;
    const base = name === "stack" ? this.frame.base : name === "packet" ? packet.base : context.base;
    const defined = this.memory.definedBytes(base, bytes.length);
    return name === "stack" ? withoutCounter(this.layout.frames[code]!, bytes.length, defined) : defined;
  }

  #definedInRecords(index: number, { helperState }: RunState): Uint8Array | undefined {
    const records = index < 0 ? helperState.requests : helperState.maps.sink(index)!.records;
    return records.defined((part) => this.#read.get(part));
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
    const dump = run.helperState.maps.dump(index, shadow);
    const spec = this.program.maps[index]!;
    if (!isDataMap(spec) || spec.kind === "array") return dump;
    const entryBytes = spec.keyBytes + spec.valueBytes;
    for (let at = 0; at < dump.length; at += entryBytes) dump.fill(1, at, at + spec.keyBytes);
    return dump;
  }

  /** What lies there is whatever the kernel has on its stack. */
  #isNearStack(place: number, bytes: number): boolean {
    return [...this.layout.frames, this.layout.calleeStacks].some(
      ({ base, bytes: own }) => place + bytes > base - STACK_ROOM && place < base + own + STACK_ROOM,
    );
  }

  #calleeFrame(top: number): Target {
    const base = top - STACK_BYTES;
    this.memory.forget(base, STACK_BYTES);
    return { kind: "frame", name: "the frame of a local call", base, bytes: STACK_BYTES, isElsewhere: true };
  }
}

/** As sentences name what r1 points to. */
export const contextName = (kind: ContextKind): string => CONTEXT_NAMES[kind];
const CONTEXT_NAMES: Record<ContextKind, string> = {
  memory: "the input",
  tracing: "the input",
  xdp: "the xdp context",
  skb: "the skb context",
};

export const placeOf = (address: bigint): number => Number(BigInt.asUintN(48, address));

/** An instruction where it stands. */
export interface Place {
  readonly tracker: Tracker;
  readonly run: RunState;
  readonly insn: Insn;
  readonly pc: number;
}
