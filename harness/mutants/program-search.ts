// The gate's search: generated programs, each on both witnesses.

import { defaultEngine } from "../../engines/index.js";
import { minimize } from "../../properties/arbitraries/minimize.js";
import { printCase } from "../../properties/case-text.js";
import { checkOrCrash, slots } from "../check-or-crash.js";
import { failsLike } from "../gate/finding.js";
import { makeTrials } from "../gate/parts.js";
import type { Found, Search } from "./search.js";

/** How often shrinking may run a candidate. */
const SHRINK_RUNS = 20_000;

export function programSearch(seed: number): Search {
  const trials = makeTrials([defaultEngine()]);
  let index = 0;
  return {
    name: "programs",
    step() {
      const c = trials.caseAt(seed, index++);
      const { verdict } = checkOrCrash(c, trials.check);
      if (verdict.kind !== "disagree") return "nothing";
      const found: Found = {
        oracle: oracleOf(verdict.where),
        ...{ where: verdict.where, expected: verdict.expected, actual: verdict.actual },
        shrink(mayGoOn) {
          const fails = failsLike(c, trials.check);
          const shrunk = minimize(c, (candidate) => mayGoOn() && fails(candidate), SHRINK_RUNS);
          return { size: slots(shrunk), text: printCase({ ...shrunk, title: "witness" }) };
        },
      };
      return found;
    },
  };
}

/** `stack[r10 - 8]` and `map 0[3]` are noticed by the same comparison wherever it is. */
const oracleOf = (where: string): string => where.replace(/(\[| \d|, ).*$/, "");
