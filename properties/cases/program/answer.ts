// What the interpreters say of one run, and whether that is an answer. Programs that somebody has made valid are run by the
// compiled one (`spec/compiled/`), which is fast; the one that people read says what is right. It is asked about a run of
// one program in sixteen, wherever the compiled one finds a fault or a subject says something else, and about everything that
// comes from a file: then both are, and following the run step by step.

import { type InterpretRun, interpret } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Definedness } from "../../../spec/bpf/validate/problem.js";
import type { Facts } from "../../../spec/bpf/validate/validate.js";
import { type CompiledOutcome, compiledInterpreter } from "../../../spec/compiled/interpret.js";
import { compare, type Disagreement, INTERPRETERS_AGREE, summary, unanswered, type Verdict } from "../../verdict.js";
import { isJudged } from "./validity.js";

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
  readonly run: Pick<InterpretRun, "program" | "input" | "layout" | "count" | "trace" | "tailCallCount">;
  readonly facts: Facts;
  /** Default: yes. */
  readonly isFrameKnown?: boolean;
  /** The interpreter that people read need not judge this run, as it judges another of the same program. Default: no. */
  readonly isTrusted?: boolean;
}

export interface Answer {
  readonly outcome: Outcome;
  /** Why it is none. */
  readonly none: Extract<Verdict, { kind: "incomparable" }> | undefined;
  /** A64 instructions that a subject may take. */
  readonly a64Fuel: number;
  /** Nobody has looked at what the compiled interpreter said. */
  readonly isCompiled: boolean;
  /** The two interpreters say different things: one of them is wrong, whatever a subject says. */
  readonly difference: Disagreement | undefined;
}

/** A64 instructions that code may take for so many of BPF: many times more than any that is right. */
export const a64Fuel = (instructions: number): number => 10_000 + 100 * instructions;

export function answerTo(question: Question): Answer {
  if (question.definedness === "run") {
    const answer = ask(question, true);
    return answer.outcome.kind === "returned"
      ? judgedAsIs(question, answer, compiled(question, undefined)?.said)
      : answer;
  }
  const fast = question.run.trace === undefined ? compiled(question, question.run.count) : undefined;
  if (fast === undefined) return withReason(question, ask(question, false));
  const { said, answer } = fast;
  // Whoever faults has told nothing of what ran.
  if (answer === undefined) return judged(withReason(question, ask(question, false)), said);
  if (!fast.isJudged) return answer;
  return judged(ask(withoutCount(question), false), said);
}

/** The sentence of one who followed the run says more than that of the memory. */
const withReason = (question: Question, answer: Answer): Answer =>
  answer.outcome.kind === "faulted" ? ask(question, true) : answer;

const withoutCount = (question: Question): Question => ({ ...question, run: { ...question.run, count: undefined } });

/** The witnesses differ: is it the program's fault? @returns the answer of one who followed the run */
export function secondAnswer(question: Question, first: Answer): Answer {
  if (question.definedness === "run") return first;
  const second = ask(withoutCount(question), true);
  if (first.difference !== undefined) return { ...second, difference: first.difference };
  return first.isCompiled ? judgedAsIs(question, second, first.outcome) : second;
}

interface Fast {
  readonly said: CompiledOutcome;
  /** Undefined where it found a fault. */
  readonly answer: Answer | undefined;
  readonly isJudged: boolean;
}

/** What the compiled interpreter says; undefined where it is not built or does not take the program. */
function compiled({ run, fuel, isTrusted = false }: Question, count: InterpretRun["count"]): Fast | undefined {
  const interpreter = compiledInterpreter();
  if (interpreter === undefined) return undefined;
  const { program, input, layout, tailCallCount } = run;
  const said = interpreter.interpret({ program, input, layout, fuel, count, tailCallCount });
  if (said === undefined) return undefined;
  const answer = said.kind === "faulted" ? undefined : answerOf(said, fuel, interpreter.ran, true);
  return { said, answer, isJudged: !isTrusted && isJudged(program) };
}

/** An answer, held against what the compiled interpreter said. */
const judged = (answer: Answer, said: CompiledOutcome | Outcome | undefined): Answer =>
  said === undefined ? answer : { ...answer, difference: exactDifferenceOf(answer.outcome, said) };

/**
 * The same for the answer of one who followed the run: he lets bytes be read that mean nothing, as long as nothing comes of it.
 * Where the two differ, the question is asked again as the compiled one was asked.
 */
function judgedAsIs(question: Question, answer: Answer, said: CompiledOutcome | Outcome | undefined): Answer {
  if (said === undefined || differenceOf(answer.outcome, said) === undefined) return answer;
  const { difference } = judged(ask(withoutCount(question), false), said);
  return { ...answer, difference };
}

/** The same of two that ran it as it is: then they also agree in which bytes are defined. */
export const exactDifferenceOf = (meant: Outcome, said: CompiledOutcome | Outcome): Disagreement | undefined =>
  differenceOf(meant, said) ?? differenceOfMarks(meant, said);

function differenceOfMarks(meant: Outcome, said: CompiledOutcome | Outcome): Disagreement | undefined {
  if (meant.kind !== "returned" || said.kind !== "returned") return undefined;
  for (const [i, { name, bytes, written }] of meant.regions.entries()) {
    const { written: other } = said.regions[i]!;
    if (written === undefined && other === undefined) continue;
    const at = bytes.findIndex((_, place) => (written?.[place] === 0) !== (other?.[place] === 0));
    if (at < 0) continue;
    const [expected, got] = [written, other].map((marks) => (marks?.[at] === 0 ? "undefined" : "defined"));
    return differs({ where: `${name}[${at}]`, expected: expected!, got: got! }, "other bytes of it are defined");
  }
  return undefined;
}

/** What a run of the compiled interpreter came to, against what is right. */
function differenceOf(meant: Outcome, said: CompiledOutcome | Outcome): Disagreement | undefined {
  // Of values that mean nothing only one of the two knows.
  if (meant.kind === "faulted" && (said.kind === "faulted" || meant.why === "undefined" || meant.why === "unmodelled"))
    return undefined;
  if (meant.kind !== said.kind) {
    const got = said.kind === "returned" ? summary(said) : said.kind;
    return differs({ where: "outcome", expected: summary(meant), got }, `${meant.kind}, got ${said.kind}`);
  }
  if (meant.kind !== "returned" || said.kind !== "returned") return undefined;
  if (meant.code !== said.code) {
    return differs({ where: "the code that ran last", expected: `${meant.code}`, got: `${said.code}` });
  }
  const verdict = compare(meant, said);
  return verdict.kind === "disagree" ? differs(verdict) : undefined;
}

export const differs = (
  { where, expected, got }: Pick<Disagreement, "where" | "expected" | "got">,
  reason = "another result of the compiled interpreter",
): Disagreement => ({ kind: "disagree", oracle: INTERPRETERS_AGREE, reason, where, expected, got });

function ask({ run, fuel, facts, isFrameKnown = true }: Question, isFollowed: boolean): Answer {
  let instructions = 0;
  const took = (n: number): void => {
    instructions = n;
  };
  const { program, input, layout, count, trace, tailCallCount } = run;
  const track = isFollowed ? { contextLoads: facts.contextLoads, isFrameKnown } : undefined;
  const outcome = interpret({ program, input, layout, fuel, count, trace, took, track, tailCallCount });
  return answerOf(outcome, fuel, instructions);
}

function answerOf(outcome: Outcome, fuel: number, instructions: number, isCompiled = false): Answer {
  const none = unanswered(outcome);
  const why = outcome.kind === "outOfFuel" ? `${none?.why} after ${fuel} instructions` : none?.why;
  return {
    outcome,
    none: why === undefined ? undefined : { kind: "incomparable", why },
    a64Fuel: a64Fuel(instructions),
    isCompiled,
    difference: undefined,
  };
}
