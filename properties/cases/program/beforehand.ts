// What is found out about a program before it is loaded: is it valid, what the verifier makes of it, where its regions lie and
// what the interpreter says of each run. None of it needs a kernel, so that it is done for many programs at a time, a stage
// for all of them before the next one: the processor finds the code of a stage in its caches then.

import type { FrameRange, Layout } from "../../../spec/bpf/program.js";
import type { Problem } from "../../../spec/bpf/validate/problem.js";
import type { Facts } from "../../../spec/bpf/validate/validate.js";
import { mapList } from "../../../spec/lists.js";
import type { Case } from "../../../subjects/case.js";
import { lowerProgram } from "../../../subjects/lowering.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { framesOf, type PreparedProgram } from "../../../subjects/session/prepared.js";
import type { Subject } from "../../../subjects/subject.js";
import { tailCallCountOf } from "../../counting.js";
import { type Answer, answerTo, type Effort, type Question } from "./answer.js";
import { RanRows, type Watch } from "./report.js";
import { type Demands, validityOf } from "./validity.js";

/** One run, and what the interpreter says of it. */
interface Asked {
  readonly question: Question;
  readonly layout: Layout;
  readonly answer: Answer;
}

interface Invalid {
  readonly kind: "invalid";
  readonly problems: readonly Problem[];
}
interface Valid {
  readonly kind: "valid";
  readonly facts: Facts;
}
interface Lowered extends Valid {
  readonly codes: PreparedProgram["codes"];
  /** By code. */
  readonly frames: readonly FrameRange[];
}
export interface Known extends Lowered {
  /** By input. */
  readonly asked: readonly Asked[];
}
export type Beforehand = Invalid | Known;

/** Who asks, and for whom. */
interface Asking {
  readonly subject: Subject;
  readonly demands: Demands;
  readonly effort: Effort;
}

/** @param count told of what runs */
export function beforehand(c: Case, asking: Asking, count: Watch["count"]): Beforehand {
  const valid = validated(c, asking);
  return valid.kind === "invalid" ? valid : answered(c, lowered(c, valid, asking), asking, count);
}

/** What is known of one among many, and which rows its runs were of. */
interface Foreseen {
  readonly known: Beforehand;
  readonly rows: RanRows;
}

/**
 * The same of many. Those of which something is not found out, as it throws, are left out: whoever checks them is told.
 *
 * @param began told before something is done for the case with that index
 */
export function allBeforehand(
  cases: readonly Case[],
  asking: Asking,
  began: (nth: number) => void,
): Map<Case, Foreseen> {
  const foreseen = new Map<Case, Foreseen>();
  const valid = stage(cases, began, (c) => validated(c, asking));
  const codes = stage(cases, began, (c, nth) => {
    const found = valid[nth];
    return found === undefined || found.kind === "invalid" ? found : lowered(c, found, asking);
  });
  const rows = mapList(cases, () => new RanRows());
  const known = stage(cases, began, (c, nth) => {
    const found = codes[nth];
    return found === undefined || found.kind === "invalid" ? found : answered(c, found, asking, rows[nth]!.count);
  });
  for (const [nth, c] of cases.entries()) {
    const found = known[nth];
    if (found !== undefined) foreseen.set(c, { known: found, rows: rows[nth]! });
  }
  return foreseen;
}

function stage<T>(
  cases: readonly Case[],
  began: (nth: number) => void,
  action: (c: Case, nth: number) => T,
): readonly (T | undefined)[] {
  return mapList(cases, (c, nth) => {
    began(nth);
    try {
      return action(c, nth);
    } catch {
      return undefined;
    }
  });
}

function validated({ program }: Case, { demands }: Asking): Invalid | Valid {
  const validity = validityOf(program, demands);
  return validity.ok ? { kind: "valid", facts: validity.facts } : { kind: "invalid", problems: validity.problems };
}

function lowered({ program, env }: Case, { kind, facts }: Valid, { subject }: Asking): Lowered {
  const codes = lowerProgram(program, facts, env, subject.build?.changes);
  return { kind, facts, codes, frames: framesOf(subject, codes) };
}

function answered(
  { program, inputs }: Case,
  { kind, facts, codes, frames }: Lowered,
  { effort: { definedness, fuel }, subject }: Asking,
  count: Watch["count"],
): Known {
  const tailCallCount = tailCallCountOf(subject);
  let last: Layout | undefined;
  const asked = mapList(inputs, (input, nth) => {
    // Inputs of one length lie alike.
    const isAlike = input.length === inputs[nth - 1]?.length;
    const layout: Layout = isAlike && last !== undefined ? last : layoutOf(program, input.length, frames);
    last = layout;
    const run = { program, input, layout, count, tailCallCount };
    const question = { definedness, fuel, run, facts, isTrusted: nth > 0 };
    return { question, layout, answer: answerTo(question) };
  });
  return { kind, facts, codes, frames, asked };
}
