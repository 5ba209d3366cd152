// Do two CPUs go the same way? Random words one after the other, of all classes, in stretches of a few instructions, with
// stops among them and memory that code may come to lie in: every stop, the registers at it, memory, and what the machine
// hears of must be the same on every engine that has a CPU for kernel code.

import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CpuStop, Engine, EngineCpu } from "../../engines/engine.js";
import { ENGINES } from "../../engines/index.js";
import { referenceEngine } from "../../engines/reference/engine.js";
import { Stops } from "../../engines/stops.js";
import type { MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { hex64 } from "../../spec/bits.js";
import { assertLaw } from "../../testing/law.js";
import { available } from "../../testing/required.js";
import { CODE, DATA, dataByte, type InitialState, InitialStateArbitrary, PAGE, STACK } from "./initial-state.js";
import { WORD_CLASSES } from "./word-classes.js";

/** Pages of data; the last of them is one that fetches are followed on. */
const PAGES = 3;
const TRACKED = DATA + (PAGES - 1) * PAGE;

interface Stretches {
  /** The words, and the registers at the beginning of each stretch. */
  readonly states: readonly InitialState[];
  readonly fuels: readonly number[];
  readonly pauses: boolean;
  readonly bti: boolean;
  readonly spuriousFailures: number;
  readonly stops: readonly number[];
}

const WORDS = 24;
const states = fc.array(fc.oneof(...WORD_CLASSES.map((row) => new InitialStateArbitrary(row))), {
  minLength: WORDS,
  maxLength: WORDS,
});
const stretches: fc.Arbitrary<Stretches> = fc.record({
  states,
  fuels: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: WORDS, maxLength: WORDS }),
  pauses: fc.boolean(),
  bti: fc.boolean(),
  spuriousFailures: fc.nat(1000),
  stops: fc.array(fc.nat(WORDS), { maxLength: 3 }),
});

class Subject {
  readonly machine: Machine;
  readonly cpu: EngineCpu;
  readonly events: MachineEvent[] = [];

  constructor(
    engine: Engine,
    physical: Uint8Array<ArrayBuffer> | undefined,
    { bti, spuriousFailures, ...s }: Stretches,
  ) {
    this.machine = new Machine({ physical });
    const { machine } = this;
    machine.map(CODE, PAGE, "rox");
    machine.map(STACK, PAGE, "rw");
    machine.map(DATA, (PAGES - 1) * PAGE, "rw");
    machine.map(TRACKED, PAGE, "rw", true);
    machine.poke(CODE, new Uint8Array(Uint32Array.from(s.states, ({ word }) => word).buffer));
    machine.poke(
      DATA,
      Uint8Array.from({ length: PAGES * PAGE }, (_, at) => dataByte(at)),
    );
    machine.onEvent = (event) => void this.events.push(event);
    const stops = new Stops(s.stops.map((at) => CODE + 4 * at));
    this.cpu = engine.cpu!({ machine, cpu: 0, stops, bti, spuriousFailures });
    this.cpu.state.pc = CODE;
  }

  /** One stretch, from registers of its own. @returns all that can be seen at its end */
  go(from: InitialState, fuel: number, pauses: boolean): unknown {
    const { state } = this.cpu;
    state.x.set(from.x);
    state.sp = from.sp;
    const stop = this.cpu.resume({ fuel, pauseAfter: pauses ? "store" : undefined });
    const { sp, nzcv, btype, pc } = state;
    const seen = {
      stop: { ...stop, detail: undefined },
      pc,
      x: [...state.x],
      sp,
      nzcv,
      btype,
      executed: this.cpu.executed,
    };
    goOn(this.cpu, stop);
    return seen;
  }

  end(): unknown {
    const memory = Buffer.concat([this.machine.peek(DATA, PAGES * PAGE), this.machine.peek(STACK, PAGE)]);
    const words = this.cpu.executedWords(CODE, WORDS);
    return { memory: memory.toString("base64"), events: this.events, system: { ...this.cpu.state.system }, words };
  }
}

/** As a handler would: past what did not complete, and back from where nothing is. */
function goOn({ state }: EngineCpu, stop: CpuStop): void {
  if (stop.kind === "fault" || stop.kind === "break" || stop.kind === "unknown") state.pc += 4;
  state.btype = 0;
  if (!(state.pc >= CODE && state.pc < CODE + 4 * WORDS) || state.pc % 4 !== 0)
    state.pc = CODE + 4 * (state.pc % WORDS);
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_key, x: unknown) => (typeof x === "bigint" ? hex64(x) : x));

const others = ENGINES.filter((engine) => engine !== referenceEngine && engine.cpu !== undefined);
const usable = others.filter((engine) => available(engine.name, () => engine.unavailable()));

describe.each(usable.map((engine) => [engine.name, engine] as const))("a CPU of %s", (_, engine) => {
  test("goes the way of the reference's", () => {
    const physical = engine.physical?.(64 * PAGE);
    const kinds = new Set<string>();
    const law = fc.property(stretches, (s) => {
      const subjects = [new Subject(referenceEngine, undefined, s), new Subject(engine, physical, s)] as const;
      for (const [i, fuel] of s.fuels.entries()) {
        const [expected, got] = subjects.map((subject) => subject.go(s.states[i]!, fuel, s.pauses));
        expect(show(got), `stretch ${i}`).toBe(show(expected));
        kinds.add((expected as { stop: CpuStop }).stop.kind);
      }
      expect(show(subjects[1].end())).toBe(show(subjects[0].end()));
    });
    assertLaw(law, { seed: 1, numRuns: 200 });
    expect([...kinds].sort()).toEqual(["break", "fault", "outOfFuel", "paused", "trap", "unknown"]);
  });
});
