// How tail calls count toward their limit in a subject: in older kernels otherwise than they should, which are known defects.
// A program is compared by the count that the subject has, so that none is left out.

import { interpret } from "../spec/bpf/interpret.js";
import { DEFAULT_TAIL_CALL_COUNT, type Program, type TailCallCount } from "../spec/bpf/program.js";
import { layoutOf } from "../subjects/run/layout.js";
import type { QuirkId, Subject } from "../subjects/subject.js";

export const COUNTING = ["emptySlotsCount", "returnedCallsForgotten"] as const satisfies readonly QuirkId[];

export const tailCallCountOf = ({ known }: Pick<Subject, "known">): TailCallCount =>
  known === undefined
    ? DEFAULT_TAIL_CALL_COUNT
    : { countsEmptySlots: known.has("emptySlotsCount"), forgetsReturned: known.has("returnedCallsForgotten") };

const FUEL = 1_000_000;

/** What a program returns where tail calls count with these defects; undefined where it does not return. */
export function resultWith(known: readonly QuirkId[], program: Program, input: Uint8Array): bigint | undefined {
  const tailCallCount = tailCallCountOf({ known: new Set(known) });
  const outcome = interpret({ program, input, layout: layoutOf(program, input.length), fuel: FUEL, tailCallCount });
  return outcome.kind === "returned" ? outcome.r0 : undefined;
}
