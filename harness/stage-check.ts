// The stage on which cases are checked, made once and used for many; after an exception, which may have left anything
// behind, a new one is made.

import { type BenchOptions, checkCase, makeBench } from "../properties/check.js";
import type { Check } from "./check-or-crash.js";

export function stageCheck(options: BenchOptions = {}): Check {
  let bench = makeBench(options);
  return (c, count) => {
    try {
      return checkCase(c, bench, count);
    } catch (error) {
      bench = makeBench(options);
      throw error;
    }
  };
}
