// Programs and histories for fast-check: valid by construction, with our own shrinking. One that fails is printed by
// fast-check as the file that `rox run` and `rox history` read.

import fc from "fast-check";
import { HistoryArbitrary } from "../properties/cases/history/arbitrary.js";
import { CaseArbitrary, type CaseOptions } from "../properties/cases/program/arbitrary.js";
import type { History, HistoryOptions } from "../subjects/action.js";
import type { Case } from "../subjects/case.js";
import { isKernel } from "../subjects/program-subject.js";
import { kindOf, type Tested } from "./check.js";
import { behind, type Subject } from "./subjects.js";

export interface ProgramOptions extends Omit<CaseOptions, "dialect"> {
  /** Inside what it takes. Default: what Linux takes. */
  readonly subject?: Subject;
}

/** BPF programs, each with inputs and an environment. */
export function program({ subject, ...options }: ProgramOptions = {}): fc.Arbitrary<Case> {
  const under = subject === undefined ? undefined : behind(subject);
  const dialect = under === undefined || isKernel(under) ? {} : { dialect: under.dialect };
  return new Printed(new CaseArbitrary({ ...options, ...dialect }));
}

/**
 * What happens to one kernel: loads, runs, attaches and frees, with failures that are injected.
 *
 * @param options of its kernel; those that are left out are drawn
 */
export const history = (options: Partial<HistoryOptions> = {}): fc.Arbitrary<History> =>
  new Printed(new HistoryArbitrary(options));

/** The same values, which say their text when fast-check prints them. */
class Printed<C extends Tested> extends fc.Arbitrary<C> {
  constructor(private readonly inner: fc.Arbitrary<C>) {
    super();
  }

  generate(random: fc.Random): fc.Value<C> {
    return printed(this.inner.generate(random, undefined));
  }

  canShrinkWithoutContext(value: unknown): value is C {
    return this.inner.canShrinkWithoutContext(value);
  }

  shrink(value: C, context?: unknown): fc.Stream<fc.Value<C>> {
    return this.inner.shrink(value, context).map(printed);
  }
}

function printed<C extends Tested>(drawn: fc.Value<C>): fc.Value<C> {
  const { value_: value } = drawn;
  const toText = (): string => `\n${kindOf(value).print(value)}`;
  Object.defineProperty(value, fc.toStringMethod, { value: toText, configurable: true });
  return drawn;
}
