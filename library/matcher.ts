// `expect(program).toMatchReference()` of vitest and jest: `expect.extend({ toMatchReference })`, or
// `import "roxcheck/vitest"`, which does that and knows the type.

import { type CheckOptions, check, describeChecked, type Tested } from "./check.js";

/** What `expect.extend` takes. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The subject does what the reference says, and no oracle objects. What could not be compared does not match, with the
 * reason: nothing that was not checked passes.
 */
export function toMatchReference(received: Tested, options: CheckOptions = {}): MatcherResult {
  const checked = check(received, options);
  return { pass: checked.verdict.kind === "agree", message: () => describeChecked(received, checked) };
}
