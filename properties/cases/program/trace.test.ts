import { describe, expect, test } from "vitest";
import { POISON } from "../../../spec/bpf/interpret.js";
import { type BpfStep, groupWords, pairSteps, type WordStep } from "./trace.js";

const registers = (given: Readonly<Record<number, bigint>>): bigint[] =>
  Array.from({ length: 11 }, (_, r) => given[r] ?? 0n);
const step = (pc: number, given: Readonly<Record<number, bigint>>, sets: readonly number[] = []): BpfStep => ({
  code: 0,
  pc,
  bpf: `slot ${pc}`,
  registers: registers(given),
  sets,
  flow: "on",
});
/** `"3"` is the first word of slot 3, `"3+"` a later one, anything else a named part. */
const word = (name: string, given: Readonly<Record<number, bigint>> = {}): WordStep => ({
  va: 0x1000,
  word: 0,
  text: name,
  part: /^\d/.test(name) ? Number.parseInt(name, 10) : name,
  code: 0,
  first: !name.endsWith("+"),
  registers: registers(given),
});
const never = (): boolean => false;
const rowsOf = (steps: readonly BpfStep[], words: readonly WordStep[], jumpsToItself = never) =>
  pairSteps(steps, groupWords(words, jumpsToItself), (value) => value !== POISON).map(
    ({ part, words: ran, changes, differences }) =>
      [part, ran.length, ...changes, ...differences.map((d) => `! ${d}`)].join(" "),
  );

describe("trace", () => {
  test("instructions with their words, named parts between them, changed registers", () => {
    const steps = [step(0, {}, [2]), step(1, { 2: 5n }, [0]), step(2, { 2: 5n, 0: 1n })];
    const words = [word("prologue"), word("0"), word("1", { 2: 5n }), word("1+"), word("epilogue", { 0: 1n, 2: 5n })];
    expect(rowsOf(steps, words)).toEqual(["prologue 1", "0 1 r2 = 0x5", "1 2 r0 = 0x1", "2 0", "epilogue 1"]);
  });

  test("the first register that differs is marked at the instruction that set it", () => {
    const steps = [step(0, {}, [3]), step(1, { 3: 7n }), step(2, { 3: 7n })];
    expect(rowsOf(steps, [word("0"), word("1", { 3: 8n }), word("2", { 3: 8n })])).toEqual([
      "0 1 r3 = 0x7 ! r3 = 0x8",
      "1 1 ! r3 = 0x8",
      "2 1",
    ]);
  });

  test("what a call leaves undefined is neither shown nor compared", () => {
    const steps = [step(0, { 1: 1n }), step(1, { 1: POISON }), step(2, { 1: POISON })];
    expect(rowsOf(steps, [word("0"), word("1", { 1: 9n }), word("2", { 1: 9n })])).toEqual(["0 1", "1 1", "2 1"]);
  });

  test("the rest of a call comes after its callee", () => {
    const steps = [step(0, {}), step(5, {}), step(1, {})];
    const words = [word("0"), word("prologue"), word("5"), word("epilogue"), word("0+"), word("1")];
    expect(rowsOf(steps, words)).toEqual(["0 1", "prologue 1", "5 1", "epilogue 1", "0 1", "1 1"]);
  });

  test("a function knows its own registers only", () => {
    const calls = { ...step(0, { 6: 1n }, []), flow: "call" as const };
    const returns = { ...step(5, {}, []), flow: "exit" as const };
    const steps = [
      step(9, {}, [6]),
      calls,
      step(4, { 0: 3n }, []),
      returns,
      step(1, { 6: 1n }, []),
      step(2, { 6: 1n }),
    ];
    const words = [word("9"), word("0", { 6: 1n }), word("4", { 6: 8n }), word("5", { 6: 8n }), word("1", { 6: 1n })];
    expect(rowsOf(steps, [...words, word("2", { 6: 2n })])).toEqual([
      ...["9 1 r6 = 0x1", "0 1", "4 1", "5 1"],
      "1 1 ! r6 = 0x2",
      "2 1",
    ]);
  });

  test("a loop within one instruction is one step, a jump to itself is many", () => {
    const words = [word("0"), word("0+"), word("0"), word("0+")];
    expect(rowsOf([step(0, {})], words)).toEqual(["0 4"]);
    expect(rowsOf([step(0, {}), step(0, {})], words, () => true)).toEqual(["0 2", "0 2"]);
  });

  test("where the paths part, the words go on alone", () => {
    expect(rowsOf([step(0, {}), step(1, {})], [word("0"), word("4"), word("5")])).toEqual(["0 1", "1 0", "4 1", "5 1"]);
  });
});
