// The gate's search: generated programs, each on both witnesses.

import { defaultEngine } from "../../engines/index.js";
import { minimize } from "../../properties/arbitraries/minimize.js";
import { printCase } from "../../properties/case-text.js";
import { checkOrCrash, slots } from "../check-or-crash.js";
import { failsLike } from "../gate/finding.js";
import { makeTrials } from "../gate/parts.js";
import { type Found, oracleOf, type Search } from "./search.js";

/** How often shrinking may run a candidate. */
const SHRINK_RUNS = 20_000;

export function programSearch(seed: number): Search {
  const trials = makeTrials([defaultEngine()]);
  let index = 0;
  return {
    name: "programs",
    share: 3,
    step() {
      const c = trials.caseAt(seed, index++);
      const { verdict } = checkOrCrash(c, trials.check);
      if (verdict.kind !== "disagree") return "nothing";
      const found: Found = {
        oracle: oracleOf(verdict),
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
