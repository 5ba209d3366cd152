// Checking programs one after the other, on a kernel that is booted once and again whenever something was wrong.

import type { Check } from "./check-or-crash.js";
import { type CheckerOptions, checkCase, makeChecker } from "./program/check.js";

export function stageCheck(options: CheckerOptions = {}): Check {
  const checker = makeChecker(options);
  return (c, watch) => checkCase(c, checker, watch);
}
