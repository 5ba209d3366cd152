import fc from "fast-check";
import { expect, test } from "vitest";
import type { Insn } from "../../../spec/bpf/insn.js";
import { interpret } from "../../../spec/bpf/interpret.js";
import { rowById } from "../../../spec/bpf/isa.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import { print } from "../../../spec/bpf/text/print.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { compare } from "../../verdict.js";
import { candidates, isLighter } from "../shrink.js";
import { CaseArbitrary } from "./arbitrary.js";
import { isCase, minimize, SHRINKER } from "./shrink.js";

const arbitrary = new CaseArbitrary();
const CASES = fc.sample(arbitrary, { numRuns: 1500, seed: 1 });
const BUDGET = 20_000;

const run = ({ program, inputs }: Case): readonly Outcome[] =>
  inputs.map((input) => interpret({ program, input, layout: layoutOf(program, input.length), fuel: 50_000 }));

const text = ({ program }: Case): string =>
  program.code.map((code) => print(code).trim().replaceAll("\n", "; ")).join(" | ");

const editSlots = (c: Case, edit: (slot: Insn) => Insn): Case => ({
  ...c,
  program: { ...c.program, code: c.program.code.map((code) => code.map(edit)) },
});

/** Whether a JIT that took one row for another would be found out. */
const confusing =
  (from: string, to: string) =>
  (c: Case): boolean => {
    const wrong = run(editSlots(c, (slot) => (slot.row.id === from ? { ...slot, row: rowById(to) } : slot)));
    return run(c).some((outcome, i) => compare(outcome, wrong[i]!).kind === "disagree");
  };

const contains =
  (id: string) =>
  ({ program }: Case): boolean =>
    program.code.some((code) => code.some(({ row }) => row.id === id));

/** The minima of the first cases for which `fails` holds, without repetitions. */
function minima(fails: (c: Case) => boolean, count = 5): readonly string[] {
  const failing = CASES.filter(fails).slice(0, count);
  expect(failing.length).toBe(count);
  return [...new Set(failing.map((c) => text(minimize(c, fails, BUDGET))))];
}

test("a program that contains smod32", () => {
  expect(minima(contains("smod32 imm"))).toEqual(["r0 = 0; w0 s%= 1; exit"]);
});

test("a result with the top bit", () => {
  const topBit = (c: Case): boolean =>
    run(c).some((outcome) => outcome.kind === "returned" && outcome.r0 >> 63n === 1n);
  expect(minima(topBit)).toEqual(["r0 = -1; exit"]);
});

test("a 32-bit arithmetic shift that is taken for a logical one", () => {
  expect(minima(confusing("arsh32 imm", "rsh32 imm"))).toEqual(["r0 = -1; w0 s>>= 1; exit"]);
});

test("a sign-extending load that is not, through the context or the frame", () => {
  for (const program of minima(confusing("ldxsw", "ldxw"))) expect(program.split("; ").length).toBeLessThanOrEqual(3);
});

test("a jump back that is taken", () => {
  const loops = (c: Case): boolean => {
    let back = 0;
    for (const input of c.inputs) {
      let before = -1;
      let code = 0;
      const trace = (state: { pc: number; code: number; insn: Insn }): void => {
        const jumped = code === state.code && state.pc <= before && state.insn.row.kind !== "exit";
        if (jumped && c.program.code[code]![before]!.row.kind === "jump") back++;
        before = state.pc;
        code = state.code;
      };
      interpret({ program: c.program, input, layout: layoutOf(c.program, input.length), fuel: 50_000, trace });
    }
    return back > 0;
  };
  for (const program of minima(loops)) expect(program.split("; ").length).toBeLessThanOrEqual(5);
});

test("a tail call that happens", () => {
  const tailCalls = (c: Case): boolean => run(c).some((outcome) => outcome.kind === "returned" && outcome.code > 0);
  for (const program of minima(tailCalls, 3)) {
    const [main, target] = program.split(" | ");
    expect(main!.split("; ").length).toBeLessThanOrEqual(5);
    expect(target).toBe("r0 = 0; exit");
  }
});

test("inputs, environment and maps go when they do not matter", () => {
  const start = CASES.find(
    (c) => c.env.cpu === "ll-sc" && c.env.hole > 0 && c.inputs.length > 2 && c.program.maps.length > 0,
  )!;
  expect(minimize(start, () => true, BUDGET)).toMatchObject({
    program: { maps: [] },
    inputs: [new Uint8Array(8)],
    env: { cpu: "lse", hole: 0 },
  });
  expect(text(minimize(start, () => true, BUDGET))).toBe("r0 = 0; exit");
});

test("the budget bounds the runs", () => {
  let runs = 0;
  // Nothing but the start fails, so that all candidates are asked for.
  minimize(CASES.find(contains("lddw imm64"))!, () => ++runs < 0, 7);
  expect(runs).toBe(7);
});

test("an instruction among loops and branches is shown by itself", () => {
  const usesArsh = (c: Case): boolean =>
    c.program.code.some((code) => code.some(({ row }) => row.id === "arsh32 reg")) && c.program.code.length === 1;
  const start = CASES.find(usesArsh)!;
  const slots = minimize(start, usesArsh, 5000).program.code[0]!;
  expect(slots.length).toBeLessThanOrEqual(3);
});

test("every candidate is valid and simpler", () => {
  for (const c of CASES.slice(0, 15)) {
    let seen = 0;
    for (const candidate of candidates(SHRINKER, c)) {
      expect(validate(candidate.program).ok).toBe(true);
      expect(isLighter(SHRINKER.weigh(candidate), SHRINKER.weigh(c))).toBe(true);
      if (++seen === 60) break;
    }
    expect(seen).toBeGreaterThan(0);
  }
});

test("fast-check shrinks a failing property to the same program", () => {
  const fails = confusing("movsx32 8", "movsx32 16");
  const details = fc.check(
    fc.property(arbitrary, (c) => !fails(c)),
    { seed: 3, numRuns: 3000 },
  );
  expect(details.failed).toBe(true);
  expect(text(details.counterexample![0]).split("; ").length).toBeLessThanOrEqual(3);
});

test("what is not a case cannot be shrunk", () => {
  expect(isCase({ program: { code: [] }, inputs: [], env: {} })).toBe(false);
  expect(isCase(CASES[0])).toBe(true);
});
