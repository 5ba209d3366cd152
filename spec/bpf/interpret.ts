// The reference interpreter: what a BPF program means, straight from RFC 9669, and the first witness of every
// comparison. Read `steps.ts` for what an instruction does and `run-state.ts` for what it does it to.

import { assert } from "../assert.js";
import { afterCall, isMisled, madeCallProblem } from "./definedness/calls.js";
import { ruleProblem } from "./definedness/rules.js";
import { type Place, Tracker, type TrackFacts } from "./definedness/tracker.js";
import type { Insn } from "./insn.js";
import type { Row } from "./isa.js";
import type { FaultWhy, Outcome } from "./outcome.js";
import type { Layout, Program, TailCallCount } from "./program.js";
import { RunState, STOP } from "./run-state.js";
import { makeStep, stepsOf } from "./steps.js";

export { POISON } from "./run-state.js";

/** What is about to run. `registers` is live: copy what is kept. */
export interface InterpretState {
  readonly pc: number;
  /** Index into `Program.code`. */
  readonly code: number;
  readonly insn: Insn;
  readonly registers: BigUint64Array;
}

export interface InterpretRun {
  readonly program: Program;
  readonly input: Uint8Array;
  readonly layout: Layout;
  /** Instructions; `lddw` counts as one. */
  readonly fuel: number;
  readonly trace?: ((state: InterpretState) => void) | undefined;
  /** Told of each instruction that ran or faulted; `taken` is given for conditional jumps. Never told `lddw high`. */
  readonly count?: ((row: Row, taken?: boolean) => void) | undefined;
  /** Told in the end how many instructions ran. */
  readonly took?: ((instructions: number) => void) | undefined;
  /**
   * Follow which values are defined and what pointers may reach, and end the run as `undefined` where the program does
   * what has no meaning. Takes several times as long.
   */
  readonly track?: TrackFacts | undefined;
  /** Default: as it should be. */
  readonly tailCallCount?: TailCallCount | undefined;
}

/** Run `code[0]` to its exit, a fault or the end of the fuel. Never throws for anything that a program can do. */
export function interpret(run: InterpretRun): Outcome {
  if (run.track !== undefined) return interpretTracked(run, run.track);
  const { program, trace, count } = run;
  const state = new RunState(program, run.layout, run.input, undefined, run.tailCallCount);
  const { registers } = state;
  let code = state.code;
  let insns = codeOf(program, code);
  let steps = stepsOf(insns);
  let pc = 0;
  for (let fuel = run.fuel; fuel > 0; fuel--) {
    const insn = insns[pc];
    if (insn !== undefined) trace?.({ pc, code, insn, registers });
    pc = (steps[pc] ?? makeStep(insns, steps, pc))(state);
    if (insn !== undefined) count?.(insn.row, insn.row.kind === "jump" ? state.taken : undefined);
    if (pc === STOP) {
      run.took?.(run.fuel - fuel + 1);
      return state.outcome!;
    }
    if (state.code !== code) {
      code = state.code;
      insns = codeOf(program, code);
      steps = stepsOf(insns);
    }
  }
  run.took?.(run.fuel);
  return { kind: "outOfFuel" };
}

/** What the steps themselves refuse about the values that they are given. */
const OF_A_USE: ReadonlySet<FaultWhy> = new Set<FaultWhy>(["badAccess", "badCall", "uninitialisedStack"]);

/** What calls, or may end a function. */
const LEAVES: ReadonlySet<Row["kind"]> = new Set<Row["kind"]>(["call", "exit", "legacyLoad"]);

/** The same steps, each looked at before it is made. A fault is the program's own here, and it has no meaning either. */
function interpretTracked(run: InterpretRun, facts: TrackFacts): Outcome {
  const { program, layout, trace, count } = run;
  const tracker = new Tracker(program, layout, facts, run.input.length);
  const state = new RunState(program, layout, run.input, tracker, run.tailCallCount);
  const { registers } = state;
  let { code } = state;
  let insns = codeOf(program, code);
  let steps = stepsOf(insns);
  let pc = 0;
  for (let fuel = run.fuel; fuel > 0; fuel--) {
    if (state.code !== code) {
      code = state.code;
      insns = codeOf(program, code);
      steps = stepsOf(insns);
    }
    const insn = insns[pc];
    const here = pc;
    if (insn !== undefined) {
      const place: Place = { tracker, run: state, insn, pc };
      const problem = ruleProblem(place);
      if (problem !== undefined) {
        run.took?.(run.fuel - fuel + 1);
        count?.(insn.row);
        return { kind: "faulted", pc, why: isMisled(place) ? "unmodelled" : "undefined", detail: problem, code };
      }
      trace?.({ pc, code, insn, registers });
      const { tailCalls } = state;
      pc = (steps[pc] ?? makeStep(insns, steps, pc))(state);
      if (pc !== STOP && LEAVES.has(insn.row.kind)) {
        const made = insn.row.kind === "call" ? madeCallProblem(place, insn.row) : undefined;
        if (made !== undefined) {
          run.took?.(run.fuel - fuel + 1);
          return { kind: "faulted", pc: here, why: "undefined", detail: made, code };
        }
        afterCall(place, tailCalls);
      }
      count?.(insn.row, insn.row.kind === "jump" ? state.taken : undefined);
    } else pc = makeStep(insns, steps, pc)(state);
    if (pc !== STOP) continue;
    run.took?.(run.fuel - fuel + 1);
    const outcome = state.outcome!;
    if (outcome.kind !== "faulted") return tracker.finished(outcome, state);
    const { why } = outcome;
    return { ...outcome, pc: here, code, why: OF_A_USE.has(why) ? "undefined" : why };
  }
  run.took?.(run.fuel);
  return { kind: "outOfFuel" };
}

function codeOf(program: Program, code: number): readonly Insn[] {
  const insns = program.code[code];
  assert(insns !== undefined, () => `no code ${code} in a program of ${program.code.length}`);
  return insns;
}
