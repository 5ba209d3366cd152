// The stage on which cases are checked, made once and used for many; after an exception, which may have left anything
// behind, a new one is made.

import type { Check } from "./check-or-crash.js";
import { type CheckerOptions, checkCase, makeChecker } from "./program/check.js";

export function stageCheck(options: CheckerOptions = {}): Check {
  let bench = makeChecker(options);
  return (c, count) => {
    try {
      return checkCase(c, bench, count);
    } catch (error) {
      bench = makeChecker(options);
      throw error;
    }
  };
}
