// What the interpreter says of one run, and whether that is an answer. Programs that somebody has made valid are run as
// they are, which is fast; any other is followed step by step, and so is one over which the witnesses differ.

import { type InterpretRun, interpret } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Definedness } from "../../../spec/bpf/validate/problem.js";
import type { Facts } from "../../../spec/bpf/validate/validate.js";
import { unanswered, type Verdict } from "../../verdict.js";

/** How much is run, and how closely it is looked at. */
export interface Effort {
  /**
   * `proven`: programs that are defined by how they were made; the interpreter follows a run only to make sure of a
   * disagreement. `run`: any program that a JIT can be given; every run is followed.
   */
  readonly definedness: Definedness;
  /** BPF instructions that the interpreter may run. */
  readonly fuel: number;
}

/** One run that the interpreter is asked about. */
export interface Question extends Effort {
  readonly run: Pick<InterpretRun, "program" | "input" | "layout" | "count" | "trace">;
  readonly facts: Facts;
  /** Default: yes. */
  readonly isFrameKnown?: boolean;
}

export interface Answer {
  readonly outcome: Outcome;
  /** Why it is none. */
  readonly none: Extract<Verdict, { kind: "incomparable" }> | undefined;
  /** A64 instructions that a subject may take. */
  readonly a64Fuel: number;
}

/** A64 instructions that code may take for so many of BPF: many times more than any that is right. */
export const a64Fuel = (instructions: number): number => 10_000 + 100 * instructions;

export function answerTo(question: Question): Answer {
  const { definedness } = question;
  const answer = ask(question, definedness === "run");
  // The sentence of one who followed the run says more than that of the memory.
  return definedness === "proven" && answer.outcome.kind === "faulted" ? ask(question, true) : answer;
}

/** The witnesses differ: is it the program's fault? @returns the answer of one who followed the run */
export const secondAnswer = (question: Question, first: Answer): Answer =>
  question.definedness === "run" ? first : ask({ ...question, run: { ...question.run, count: undefined } }, true);

function ask(
  { run: { program, input, layout, count, trace }, fuel, ...question }: Question,
  isFollowed: boolean,
): Answer {
  let instructions = 0;
  const took = (n: number): void => {
    instructions = n;
  };
  const { facts, isFrameKnown = true } = question;
  const track = isFollowed ? { contextLoads: facts.contextLoads, isFrameKnown } : undefined;
  const outcome = interpret({ program, input, layout, fuel, count, trace, took, track });
  const none = unanswered(outcome);
  const why = outcome.kind === "outOfFuel" ? `${none?.why} after ${fuel} instructions` : none?.why;
  return {
    outcome,
    none: why === undefined ? undefined : { kind: "incomparable", why },
    a64Fuel: a64Fuel(instructions),
  };
}
