// What does this A64 word do? Every engine must give the same answer from the same initial state: registers, flags, memory,
// and the fault if there is one. Words come from each class of instructions, and from what the JIT really emits.

import { Buffer } from "node:buffer";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Engine, TraceState } from "../../engines/engine.js";
import { ENGINES } from "../../engines/index.js";
import { referenceEngine } from "../../engines/reference/engine.js";
import { decode } from "../../spec/a64/decode.js";
import type { A64Insn } from "../../spec/a64/insn.js";
import { hex64 } from "../../spec/bits.js";
import { assertLaw, saturated } from "../../testing/law.js";
import { available } from "../../testing/required.js";
import { CaseArbitrary } from "../cases/program/arbitrary.js";
import { checkCase, makeChecker } from "../cases/program/check.js";
import { dataByte, FLAG_WORDS, type InitialState, InitialStateArbitrary } from "./initial-state.js";
import { whyNotAsked } from "./not-asked.js";
import { type Effect, SingleStep } from "./single-step.js";
import { WORD_CLASSES, type WordClass } from "./word-classes.js";

const REGISTERS = [...Array.from({ length: 31 }, (_, i) => `x${i}`), "zero", "sp", "nzcv"];
const BLANK = Uint8Array.from({ length: 3 * 4096 }, (_, at) => dataByte(at));
const others = ENGINES.filter((engine) => engine !== referenceEngine);
const usable = others.filter((engine) => available(engine.name, () => engine.unavailable()));
const reference = new SingleStep(referenceEngine, BLANK);

const LR = 30;
/** PACIASP and AUTIASP. How they change the top sixteen bits of LR is the processor's secret. */
const isAuthentication = (word: number): boolean => word === 0xd503_233f || word === 0xd503_23bf;
const withoutCode = (effect: Effect): Effect => {
  const registers = effect.registers?.map((value, i) => (i === LR ? BigInt.asUintN(48, value) : value));
  return { ...effect, registers };
};

/** Each engine says in its own words that it does not know a word. */
const inNoWords = (outcome: Effect["outcome"]): Effect["outcome"] =>
  outcome.kind === "faulted" && outcome.why === "unknownWord" ? { ...outcome, detail: "" } : outcome;

/** The first thing in which two effects differ, in words. */
function difference(expected: Effect, got: Effect): string | undefined {
  const [a, b] = [expected, got].map(({ outcome, isFixedUp }) => {
    return JSON.stringify({ outcome: inNoWords(outcome), isFixedUp }, show);
  });
  if (a !== b) return `expected ${a}, got ${b}`;
  const at = REGISTERS.findIndex((_, i) => expected.registers?.[i] !== got.registers?.[i]);
  if (at >= 0) return `${REGISTERS[at]}: expected ${expected.registers?.[at]}, got ${got.registers?.[at]}`;
  if (Buffer.compare(expected.memory, got.memory) === 0) return undefined;
  const byte = expected.memory.findIndex((value, i) => got.memory[i] !== value);
  return `memory at ${byte}: expected ${expected.memory[byte]}, got ${got.memory[byte]}`;
}

const show = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? hex64(value) : value);

const describeState = ({ word, x, sp }: InitialState): string =>
  `${word.toString(16)} ${JSON.stringify(decode(word), show)} with sp ${hex64(sp)}, x ${x.map(hex64).join(" ")}`;

/** Of the engine at hand. */
const notAsked = new Set<string>();

function check(engine: Engine, states: fc.Arbitrary<InitialState>, numRuns: number): void {
  const subject = new SingleStep(engine, BLANK);
  const property = fc.property(states, (state) => {
    const why = whyNotAsked(engine.name, state.word);
    if (why !== undefined) {
      notAsked.add(`${decode(state.word)!.kind}: ${why}`);
      return;
    }
    const effects = [reference.step(state), subject.step(state)] as const;
    const [expected, got] = isAuthentication(state.word) ? effects.map(withoutCode) : effects;
    const problem = difference(expected!, got!);
    if (problem !== undefined) throw new Error(`${problem}\n${describeState(state)}`);
  });
  assertLaw(property, { seed: 1, numRuns });
}

describe.each(usable.map((engine) => [engine.name, engine] as const))(
  "%s does what the reference does",
  (_, engine) => {
    test.each(WORD_CLASSES.map((row) => [row.pattern, row] as const))("%s", (_pattern, row) => {
      check(engine, new InitialStateArbitrary(row), saturated({ few: 100, full: 300 }));
    });

    afterAll(() => {
      if (notAsked.size > 0) console.info(`${engine.name} is not asked about\n  ${[...notAsked].sort().join("\n  ")}`);
      notAsked.clear();
    });

    test("every condition under every state of the flags", () => {
      const subject = new SingleStep(engine, BLANK);
      const seen = new Set<bigint>();
      for (const state of conditions()) {
        const effect = reference.step(state);
        expect(difference(effect, subject.step(state)), describeState(state)).toBeUndefined();
        seen.add(effect.registers![REGISTERS.indexOf("nzcv")]!);
      }
      // What sums and differences can make; V alone, for one, is not among them.
      expect([...seen].sort()).toEqual([0n, 10n, 2n, 3n, 4n, 6n, 7n, 8n, 9n]);
    });

    test("words of compiled programs", () => {
      const words = compiledWords(60);
      expect(words.length).toBeGreaterThan(1000);
      check(engine, new InitialStateArbitrary(words), saturated({ few: 1000, full: 3000 }));
    });
  },
);

/** Each b.cond #8 after each instruction that sets flags, from operands that make all flags. */
function* conditions(): Iterable<InitialState> {
  const operands = [0n, 1n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn];
  const x = new Array<bigint>(31).fill(0n);
  for (let condition = 0; condition < 16; condition++) {
    for (const flagWord of FLAG_WORDS) {
      for (const a of operands) {
        for (const b of operands) {
          yield { word: 0x5400_0040 | condition, x, sp: 0n, flagWord, flagOperands: [a, b], reserve: false };
        }
      }
    }
  }
}

/** Every different word that that many random programs run. */
function compiledWords(programs: number): readonly number[] {
  const words = new Set<number>();
  const trace = ({ word }: TraceState): void => void words.add(word);
  const checker = makeChecker({ engines: [referenceEngine], trace });
  for (const c of fc.sample(new CaseArbitrary({ maxSize: 100 }), { seed: 1, numRuns: programs })) {
    checkCase(c, checker);
  }
  return [...words];
}

/** What can be drawn at all; every draw of 300 words of each class. */
const DRAWN: readonly A64Insn[] = WORD_CLASSES.flatMap((row) =>
  fc.sample(new InitialStateArbitrary(row), { seed: 1, numRuns: 300 }).map(({ word }) => decode(word)!),
);

test("every kind of instruction is drawn, and every operation of each", () => {
  expect(new Set(DRAWN.map(({ kind }) => kind)).size).toBe(43);
  const named = DRAWN.map((insn) => `${insn.kind} ${"op" in insn ? insn.op : ""} ${"mode" in insn ? insn.mode : ""}`);
  expect(new Set(named).size).toBe(124);
});

test("initial states are lively: accesses are made, refused, and outside of the frame", () => {
  const isAccess = ({ fixed, few }: WordClass): boolean =>
    few === undefined && (fixed & 0x0a00_0000) === 0x0800_0000 && (fixed & 0x3b00_0000) !== 0x1800_0000;
  const accesses = WORD_CLASSES.filter(isAccess);
  for (const row of accesses) {
    const seen = new Set<string>();
    for (const state of fc.sample(new InitialStateArbitrary(row), { seed: 2, numRuns: 300 })) {
      const { outcome, isFixedUp } = reference.step(state);
      if (isFixedUp) seen.add("refused");
      else if (outcome.kind === "faulted") seen.add(outcome.why);
    }
    const all = ["breakpoint", "misalignedStack", "outsideFrame", "refused"];
    expect([...seen].sort(), row.pattern).toEqual(all);
  }
});
