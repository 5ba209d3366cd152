// One thing to try of trampolines: a setup, and perhaps a trampoline record where no heap of this machine would put it.
// Fields that its kind of function does not use have their defaults, so that equal cases are equal.

import { u64 } from "../../../spec/bits.js";
import { type TrampolineSetup, WORD, wordsOf } from "../../../subjects/trampoline/setup.js";

export interface TrampolineCase {
  readonly setup: TrampolineSetup;
  /** Where the trampoline's record lies; undefined: where the heap puts it. */
  readonly record: bigint | undefined;
}

export const programsOf = ({ setup: { fentry, fmodRet, fexit, fsession } }: TrampolineCase): number =>
  fentry.length + fmodRet.length + fexit.length + fsession.length;

/** The same case with unused fields at their defaults. A record that lies anywhere is tried with a function in reach. */
export function plain({ setup, record }: TrampolineCase): TrampolineCase {
  const target = record === undefined ? setup.target : "near";
  const isStructOps = target === "structOps";
  const args = target === "jit" ? [WORD] : setup.args;
  const values = Array.from({ length: wordsOf(args) }, (_, i) => u64(setup.values[i] ?? 0n));
  const original = isStructOps ? 0n : setup.original;
  const returns = isStructOps && setup.returns;
  const moment = isStructOps || record !== undefined ? undefined : setup.moment;
  return { setup: { ...setup, target, args, values, original, returns, moment }, record };
}
