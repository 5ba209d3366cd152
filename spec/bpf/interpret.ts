// The reference interpreter: what a BPF program means, straight from RFC 9669, and the first witness of every
// comparison. Read `steps.ts` for what an instruction does and `run-state.ts` for what it does it to.

import assert from "node:assert";
import type { Insn } from "./insn.js";
import type { Row } from "./isa.js";
import type { Outcome } from "./outcome.js";
import type { Layout, Program } from "./program.js";
import { RunState, STOP } from "./run-state.js";
import { stepsOf } from "./steps.js";

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
}

/** Run `code[0]` to its exit, a fault or the end of the fuel. Never throws for anything that a program can do. */
export function interpret(run: InterpretRun): Outcome {
  const { program, trace, count } = run;
  const state = new RunState(program, run.layout, run.input);
  const { registers } = state;
  let code = state.code;
  let insns = codeOf(program, code);
  let steps = stepsOf(insns);
  let pc = 0;
  for (let fuel = run.fuel; fuel > 0; fuel--) {
    const insn = insns[pc];
    if (insn !== undefined) trace?.({ pc, code, insn, registers });
    pc = steps[pc]!(state);
    if (insn !== undefined) count?.(insn.row, insn.row.kind === "jump" ? state.taken : undefined);
    if (pc === STOP) return state.outcome!;
    if (state.code !== code) {
      code = state.code;
      insns = codeOf(program, code);
      steps = stepsOf(insns);
    }
  }
  return { kind: "outOfFuel" };
}

function codeOf(program: Program, code: number): readonly Insn[] {
  const insns = program.code[code];
  assert(insns !== undefined, `no code ${code} in a program of ${program.code.length}`);
  return insns;
}
