// One thing to try of tracing: a scenario, and perhaps a trampoline record where no heap of this machine would put it.
// A case is told in the fewest words: what its kind of function has no use for is at rest, so that equal cases are equal.

import fc from "fast-check";
import { u64 } from "../../spec/bits.js";
import type { Verdict } from "../verdict.js";
import { checkRecordAt } from "./any-record.js";
import { checkTracing } from "./play.js";
import { registersOf, type Scenario, scenario } from "./scenario.js";

export interface TracingCase {
  readonly scenario: Scenario;
  /** Where the trampoline's record lies; undefined: where the heap puts it. */
  readonly record: bigint | undefined;
}

export const WORD = { bytes: 8, isStruct: false };

const drawn: fc.Arbitrary<TracingCase> = fc.record({
  scenario,
  record: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined, freq: 3 }),
});
/** How far values lean to edges, as in the first of fast-check's own runs. */
const BIAS = 5;

export const tracingCase = (random: fc.Random): TracingCase => plain(drawn.generate(random, BIAS).value);

export const checkTracingCase = ({ scenario: value, record }: TracingCase): Verdict =>
  record === undefined ? checkTracing(value) : checkRecordAt(record, value);

export const programsOf = ({ scenario: { fentry, fmodRet, fexit } }: TracingCase): number =>
  fentry.length + fmodRet.length + fexit.length;

/** The same case without what nobody looks at. A record that lies anywhere is tried with a function in reach. */
export function plain({ scenario: value, record }: TracingCase): TracingCase {
  const target = record === undefined ? value.target : "near";
  const isStructOps = target === "structOps";
  const args = target === "jit" ? [WORD] : value.args;
  const values = Array.from({ length: registersOf(args) }, (_, i) => u64(value.values[i] ?? 0n));
  const original = isStructOps ? 0n : value.original;
  const returns = isStructOps && value.returns;
  const moment = isStructOps || record !== undefined ? undefined : value.moment;
  return { scenario: { ...value, target, args, values, original, returns, moment }, record };
}
