// What a run comes to of a program that others are attached to: what the list of steps of spec/trampoline says, and what of it
// is to be seen.

import { pointer, type RwAddr } from "../../machine/address.js";
import { type AttachedProgram as ReferenceProgram, traced } from "../../spec/trampoline/traced.js";
import type { AttachedProgram } from "../action.js";
import type { Answer } from "../step.js";
import type { SubjectTrampolines } from "../subject.js";
import type { Plan } from "./plan.js";
import { type LiveProgram, withoutStack } from "./prepared.js";
import { linesOf, NREGS } from "./traced-calls.js";

/** `above`: bytes on the stack when the program is entered, beside those of its caller. */
export type TracedAnswer = Answer & { readonly above: number };

/** The frame records of the trampoline and of the function that it is called from. */
const FRAME_RECORDS_BYTES = 32;

interface Asked {
  readonly plan: Plan;
  /** Where the record of the trampoline lies. */
  readonly record: RwAddr;
  /** Numbers of programs that are. */
  readonly passedOver: ReadonlySet<number>;
}

export class TracedAnswers {
  /** Other CPUs run through a trampoline while it is made. */
  private last: { readonly asked: Asked; readonly answer: TracedAnswer } | undefined;

  constructor(private readonly kernel: Pick<SubjectTrampolines, "frameBytes">) {}

  of(plan: Plan, record: RwAddr, passedOver: ReadonlySet<number>): TracedAnswer {
    const { last } = this;
    if (last?.asked.plan === plan && last.asked.record === record && last.asked.passedOver === passedOver) {
      return last.answer;
    }
    const asked = { plan, record, passedOver };
    const answer = answerOf(asked, this.kernel.frameBytes(NREGS, plan.request.flags));
    this.last = { asked, answer };
    return answer;
  }
}

/** Nothing is attached. */
export const untraced = ({ returns, prepared }: LiveProgram): TracedAnswer => ({
  returns,
  steps: NO_STEPS,
  whole: prepared.generated?.expected(0),
  above: 0,
});
const NO_STEPS: readonly string[] = [];

function answerOf({ plan, record, passedOver }: Asked, frameBytes: number): TracedAnswer {
  const { live, programs, request } = plan;
  // What a trampoline keeps while it calls the function lies above the function's frame.
  const above = request.flags.callOrig ? FRAME_RECORDS_BYTES + frameBytes : 0;
  const { generated } = live.prepared;
  const original = generated?.expected(above);
  const of = (kind: AttachedProgram["kind"]): ReferenceProgram[] =>
    programs
      .filter(({ spec }) => spec.kind === kind)
      .map(({ position, start, result }) => ({
        id: position,
        cookie: BigInt(position),
        sleepable: false,
        recursionChecked: true,
        lsmCgroup: false,
        start,
        result,
      }));
  const attachment = {
    fentry: of("fentry"),
    fmodRet: of("fmod_ret"),
    fexit: of("fexit"),
    structOps: undefined,
    ip: undefined,
    record: pointer(record),
    released: false,
    passedOver,
  };
  const call = { args: [live.argument], original: original?.r0 ?? live.returns ?? 0n };
  const { steps, result = 0n } = traced(attachment, call);
  const isCalled = steps.some(({ kind }) => kind === "original");
  const left = isCalled && original !== undefined ? { ...original, r0: result } : generated?.untouched(above, result);
  return { returns: result, steps: linesOf(steps, programs), whole: left && withoutStack(left), above };
}
