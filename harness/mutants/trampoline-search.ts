// Random scenarios of what is attached to a function.

import fc from "fast-check";
import { checkRecordAt } from "../../properties/trampoline/any-record.js";
import { checkTracing } from "../../properties/trampoline/play.js";
import { type Scenario, scenario } from "../../properties/trampoline/scenario.js";
import type { Verdict } from "../../properties/verdict.js";
import { EXCEPTION } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
import type { Search } from "./search.js";

type Disagreement = Extract<Verdict, { kind: "disagree" }>;

/** With a record that the heap would not have given, or without. */
interface Attached {
  readonly scenario: Scenario;
  readonly record: bigint | undefined;
}
const ATTACHED: fc.Arbitrary<Attached> = fc.record({
  scenario,
  record: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined, freq: 3 }),
});
/** How far values lean to edges at first, as in fast-check's own runs. */
const BIAS = 5;

export function trampolineSearch(seed: number): Search {
  let index = 0;
  return {
    name: "trampolines",
    share: 1,
    step() {
      const first = ATTACHED.generate(randomSource(seed, index++), BIAS);
      const breach = breachOf(first.value);
      if (breach === undefined) return "nothing";
      return {
        ...{ oracle: "trampoline", where: breach.where, expected: breach.expected, actual: breach.actual },
        shrink(mayGoOn) {
          const { scenario: value, record } = shrunk(first, mayGoOn);
          const { fentry, fmodRet, fexit } = value;
          const shown = (_key: string, part: unknown): unknown => (typeof part === "bigint" ? `${part}n` : part);
          const text = `${JSON.stringify({ ...value, record }, shown, 1)}\n`;
          return { size: fentry.length + fmodRet.length + fexit.length, text };
        },
      };
    },
  };
}

/** The plainest that still breaks something. */
function shrunk(first: fc.Value<Attached>, mayGoOn: () => boolean): Attached {
  let best = first;
  for (let next: fc.Value<Attached> | undefined = first; next !== undefined; ) {
    best = next;
    next = firstFailing(ATTACHED.shrink(best.value_, best.context), mayGoOn);
  }
  return best.value;
}

function firstFailing(
  candidates: Iterable<fc.Value<Attached>>,
  mayGoOn: () => boolean,
): fc.Value<Attached> | undefined {
  for (const candidate of candidates) {
    if (!mayGoOn()) return undefined;
    if (breachOf(candidate.value) !== undefined) return candidate;
  }
  return undefined;
}

function breachOf({ scenario: value, record }: Attached): Disagreement | undefined {
  try {
    const verdict = record === undefined ? checkTracing(value) : checkRecordAt(record, value);
    return verdict.kind === "disagree" ? verdict : undefined;
  } catch (error) {
    const actual = error instanceof Error ? error.message : String(error);
    return { kind: "disagree", where: EXCEPTION, expected: "a verdict", actual };
  }
}
