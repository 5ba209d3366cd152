// One program or history, checked: what the command does with it, as a value.

import { defaultEngine, engineByName } from "../engines/index.js";
import { Refusal } from "../harness/bad-input.js";
import { HISTORIES } from "../properties/cases/history/index.js";
import { isHistory } from "../properties/cases/history/shrink.js";
import { checkerOn, type Kind, type KindChecker } from "../properties/cases/kind.js";
import { answerTo } from "../properties/cases/program/answer.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { FILE_FUEL } from "../properties/cases/program/report.js";
import { isCase } from "../properties/cases/program/shrink.js";
import type { Oracle } from "../properties/oracles/oracle.js";
import { type Verdict, whyUncompared } from "../properties/verdict.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import { validate } from "../spec/bpf/validate/validate.js";
import type { History } from "../subjects/action.js";
import type { Case } from "../subjects/case.js";
import { layoutOf } from "../subjects/run/layout.js";
import { behind, type Engine, type Subject, subject as subjectOf } from "./subjects.js";

/** What can be checked. */
export type Tested = Case | History;

export interface CheckOptions {
  /** Default: `subject("impl")`, our own JIT and memory code. */
  readonly subject?: Subject;
  /** Default: the fastest. */
  readonly engine?: Engine;
  /** Asked after every step, beside ours. Not of subjects that are no kernels. Keep the list: a new one is a new kernel. */
  readonly oracles?: readonly Oracle[];
}

export interface Checked {
  readonly verdict: Verdict;
  /** What the witnesses said, a line each; nothing where they agree. */
  readonly answers: readonly string[];
  /** What failed, in a word or two; undefined if nothing did. */
  readonly blamed: string | undefined;
}

/** @throws Refusal if it is neither */
export function kindOf<C extends Tested>(value: C): Kind<C> {
  if (isCase(value)) return PROGRAMS as unknown as Kind<C>;
  if (isHistory(value)) return HISTORIES as unknown as Kind<C>;
  const got = value === null ? "null" : typeof value;
  const next = "draw one with program() or history(), or read one with parseProgram or parseHistory";
  throw new Refusal({ subject: "check", expected: "a program or a history", got, next });
}

/** Runs both witnesses and asks every oracle. A value that is no program or history is refused; nothing else throws. */
export function check(value: Tested, options: CheckOptions = {}): Checked {
  const kind = kindOf(value);
  const checker = checkerFor(kind, options);
  const adapted = checker.adapt?.(value) ?? value;
  const { verdict } = checker.check(adapted);
  if (verdict.kind !== "disagree") return { verdict, answers: [], blamed: undefined };
  return { verdict, answers: checker.answers?.(adapted) ?? [], blamed: checker.blame(adapted, verdict) };
}

/** What the reference says of each input. @throws Refusal if it is no program that a verifier accepts */
export function reference(value: Case): readonly Outcome[] {
  const { program, inputs } = value;
  const validity = validate(program, { strictness: "verifier", definedness: "run" });
  const problem = validity.ok ? undefined : (PROGRAMS.problem?.(value) ?? "another one");
  if (!validity.ok) {
    const expected = "a program that a verifier accepts";
    throw new Refusal({ subject: "reference", expected, got: `${problem}`, next: "correct the program" });
  }
  const effort = { definedness: "run", fuel: FILE_FUEL, facts: validity.facts } as const;
  return inputs.map((input) => {
    const layout = layoutOf(program, input.length);
    return answerTo({ ...effort, run: { program, input, layout, count: undefined } }).outcome;
  });
}

/** Making a checker boots a kernel. */
const checkers = new WeakMap<Subject, WeakMap<readonly Oracle[], Map<string, KindChecker<Tested>>>>();
const NO_ORACLES: readonly Oracle[] = [];

function checkerFor(kind: Kind<Tested>, options: CheckOptions): KindChecker<Tested> {
  const { subject = subjectOf(), engine = defaultEngine(), oracles = NO_ORACLES } = options;
  const ofSubject = checkers.get(subject) ?? new WeakMap<readonly Oracle[], Map<string, KindChecker<Tested>>>();
  checkers.set(subject, ofSubject);
  const ofOracles = ofSubject.get(oracles) ?? new Map<string, KindChecker<Tested>>();
  ofSubject.set(oracles, ofOracles);
  const key = `${kind.name} ${engine.name}`;
  const checker = ofOracles.get(key) ?? checkerOn(kind, behind(subject), [engineByName(engine.name)!], oracles);
  ofOracles.set(key, checker);
  return checker;
}

/** The verdict in a few lines, as a failing assertion shows it. */
export function describeChecked(value: Tested, { verdict, answers, blamed }: Checked): string {
  if (verdict.kind === "agree") return "both witnesses agree, and no oracle objects";
  if (verdict.kind !== "disagree") return `not compared: ${whyUncompared(verdict)}`;
  const kind = kindOf(value);
  const { oracle, where, expected, got } = verdict;
  return [
    `${oracle} objects${blamed === undefined || blamed === "?" ? "" : ` (${blamed})`}: ${where}`,
    `  expected  ${expected}`,
    `  got       ${got}`,
    ...answers.map((line) => `  ${line}`),
    "",
    ...kind.print(value).trimEnd().split("\n"),
    "",
    `save this as FILE${kind.extension} and look at it with: rox ${kind.command} FILE${kind.extension}`,
  ].join("\n");
}
