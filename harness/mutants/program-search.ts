// The gate's search: generated programs, each on both witnesses.

import { defaultEngine } from "../../engines/index.js";
import { minimize } from "../../properties/arbitraries/minimize.js";
import type { Case } from "../../properties/case.js";
import { printCase } from "../../properties/case-text.js";
import { checkOrCrash, EXCEPTION } from "../check-or-crash.js";
import { failsLike } from "../gate/finding.js";
import { makeTrials } from "../gate/parts.js";
import { type Found, oracleOf, type Search } from "./search.js";

/** How often shrinking may run a candidate. */
const SHRINK_RUNS = 20_000;

export const programSearch = (seed: number): Search => searchFor("programs", seed, () => true);

/** As a comparison of results alone would see it: r0, faults and crashes, but no byte of memory and no rule. */
export const resultSearch = (seed: number): Search => ({
  ...searchFor("results", seed, (where) => RESULTS.has(where)),
  isBaseline: true,
});
const RESULTS: ReadonlySet<string> = new Set(["r0", "outcome", "compilation", EXCEPTION]);

function searchFor(name: string, seed: number, sees: (where: string) => boolean): Search {
  const trials = makeTrials([defaultEngine()]);
  let index = 0;
  return {
    name,
    share: 3,
    step() {
      const c = trials.caseAt(seed, index++);
      const { verdict } = checkOrCrash(c, trials.check);
      if (verdict.kind !== "disagree" || !sees(verdict.where)) return "nothing";
      const found: Found = {
        oracle: oracleOf(verdict),
        ...{ where: verdict.where, expected: verdict.expected, actual: verdict.actual },
        shrink(mayGoOn) {
          const fails = failsLike(c, trials.check);
          const shrunk = minimize(c, (candidate) => mayGoOn() && fails(candidate), SHRINK_RUNS);
          return { size: instructions(shrunk), text: printCase({ ...shrunk, title: "witness" }) };
        },
      };
      return found;
    },
  };
}

/** A constant of two slots counts once. */
const instructions = ({ program }: Case): number =>
  program.code.reduce((sum, code) => sum + code.filter(({ row }) => row.kind !== "lddwHigh").length, 0);
