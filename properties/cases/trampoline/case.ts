// One thing to try of tracing: a setup, and perhaps a trampoline record where no heap of this machine would put it.
// A case is told in the fewest words: what its kind of function has no use for is at rest, so that equal cases are equal.

import fc from "fast-check";
import { u64 } from "../../../spec/bits.js";
import type { Verdict } from "../../verdict.js";
import { checkRecordAt } from "./any-record.js";
import { registersOf, setup, type TrampolineSetup } from "./arbitrary.js";
import { checkSetup } from "./check.js";

export interface TrampolineCase {
  readonly setup: TrampolineSetup;
  /** Where the trampoline's record lies; undefined: where the heap puts it. */
  readonly record: bigint | undefined;
}

export const WORD = { bytes: 8, isStruct: false };

const drawn: fc.Arbitrary<TrampolineCase> = fc.record({
  setup,
  record: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined, freq: 3 }),
});
/** How far values lean to edges, as in the first of fast-check's own runs. */
const BIAS = 5;

export const trampolineCase = (random: fc.Random): TrampolineCase => plain(drawn.generate(random, BIAS).value);

export const checkTrampolineCase = ({ setup: value, record }: TrampolineCase): Verdict =>
  record === undefined ? checkSetup(value) : checkRecordAt(record, value);

export const programsOf = ({ setup: { fentry, fmodRet, fexit } }: TrampolineCase): number =>
  fentry.length + fmodRet.length + fexit.length;

/** The same case without what nobody looks at. A record that lies anywhere is tried with a function in reach. */
export function plain({ setup: value, record }: TrampolineCase): TrampolineCase {
  const target = record === undefined ? value.target : "near";
  const isStructOps = target === "structOps";
  const args = target === "jit" ? [WORD] : value.args;
  const values = Array.from({ length: registersOf(args) }, (_, i) => u64(value.values[i] ?? 0n));
  const original = isStructOps ? 0n : value.original;
  const returns = isStructOps && value.returns;
  const moment = isStructOps || record !== undefined ? undefined : value.moment;
  return { setup: { ...value, target, args, values, original, returns, moment }, record };
}
