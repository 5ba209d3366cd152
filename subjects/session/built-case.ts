// A generated program of a history: its functions as a JIT gets them, and what the interpreter says of its run, wherever on
// the stack it begins.

import { DEFAULT_ENV, type JitEnv } from "../../impl/jit/env.js";
import { measure } from "../../impl/jit/passes.js";
import type { LoweredFunction } from "../../impl/verifier/rewrite.js";
import { FUEL } from "../../properties/cases/program/soundness.js";
import { insn } from "../../spec/bpf/insn.js";
import { interpret } from "../../spec/bpf/interpret.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { Layout, Program } from "../../spec/bpf/program.js";
import { validate } from "../../spec/bpf/validate/validate.js";
import type { Case } from "../case.js";
import { frameOfMain } from "../impl/jit-subject.js";
import { lowerProgram } from "../lowering.js";
import { layoutOf } from "../run/layout.js";

export type Returned = Extract<Outcome, { kind: "returned" }>;

export class BuiltCase {
  /** By code. */
  readonly codes: readonly (readonly LoweredFunction[])[];
  readonly env: JitEnv;
  /** Of all functions: bytes of the image. */
  readonly imageBytes: readonly number[];
  private readonly returned = new Map<number, Returned>();

  /** @throws RangeError if the case is no program, or does not return */
  constructor(readonly value: Case) {
    const { program, env } = value;
    const validity = validate(program);
    if (!validity.ok) throw new RangeError(validity.problems[0]?.message ?? "the program is not valid");
    this.env = { ...DEFAULT_ENV, lse: env.cpu === "lse" };
    this.codes = lowerProgram(program, validity.facts, {});
    this.imageBytes = this.codes.flat().map((fn) => {
      const measured = measure(fn, this.env);
      if (!measured.ok) throw new RangeError(`the program does not compile: ${measured.error.kind}`);
      return measured.sized.imageBytes;
    });
    this.expected(0);
  }

  get input(): Uint8Array {
    return this.value.inputs[0]!;
  }

  /** @param above bytes that others have pushed on the stack before the program is entered */
  layout(above: number): Layout {
    const frames = this.codes.map(([main]) => frameOfMain(main!, above));
    return layoutOf(this.value.program, this.input.length, frames);
  }

  /** What the run comes to. */
  expected(above: number): Returned {
    const known = this.returned.get(above);
    if (known !== undefined) return known;
    const outcome = this.interpret(this.value.program, above);
    this.returned.set(above, outcome);
    return outcome;
  }

  /** What a call comes to that does not even enter it. */
  untouched(above: number, result: bigint): Returned {
    return { ...this.interpret({ ...this.value.program, code: [IDLE] }, above), r0: result };
  }

  private interpret(program: Program, above: number): Returned {
    const outcome = interpret({ program, input: this.input, layout: this.layout(above), fuel: FUEL });
    if (outcome.kind === "returned") return outcome;
    throw new RangeError(
      outcome.kind === "faulted" ? `the program faults: ${outcome.detail}` : "the program does not end",
    );
  }
}

const IDLE = [insn(rowById("mov imm")), insn(rowById("exit"))];

/** What a frame holds after the return is nobody's promise once others have run on the same stack. */
export const withoutStack = (outcome: Returned): Returned => ({
  ...outcome,
  regions: outcome.regions.filter(({ name }) => name !== "stack"),
});
