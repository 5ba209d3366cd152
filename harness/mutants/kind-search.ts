// The search that any kind of trial makes: fresh cases one after the other, each judged.

import { defaultEngine } from "../../engines/index.js";
import { type AnyKind, failsLike } from "../../properties/cases/kind.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { whileTime } from "../../properties/cases/shrink.js";
import type { Disagreement } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import { noticedBy, type Search } from "./search.js";

/** How often shrinking may run a candidate. */
const SHRINK_RUNS = 20_000;

export function kindSearch(kind: AnyKind, seed: number, share: number): Search {
  return searchFor(kind, seed, share, () => true);
}

/** Programs as a comparison of results alone would see them: r0, faults and crashes, but no byte of memory and no rule. */
export const resultSearch = (seed: number): Search => ({
  ...searchFor(PROGRAMS as AnyKind, seed, 3, ({ oracle, where }) => RESULTS.has(oracle) || RESULTS.has(where)),
  name: "results",
  isBaseline: true,
});
const RESULTS: ReadonlySet<string> = new Set(["r0", "outcome", "compiles", "no-exception"]);

function searchFor(kind: AnyKind, seed: number, share: number, sees: (objection: Disagreement) => boolean): Search {
  const checker = kind.checker(defaultSubject, [defaultEngine()]);
  let index = 0;
  return {
    name: kind.name,
    share,
    step() {
      if (index === kind.count) return "exhausted";
      const c = kind.fresh(seed, index++);
      const judged = checker.check(c).verdict;
      if (judged.kind !== "disagree" || !sees(judged)) return "nothing";
      const { where, expected, got } = judged;
      return {
        ...{ oracle: noticedBy(judged), where, expected, got },
        shrink(mayGoOn) {
          const fails = failsLike(checker, judged);
          const shrunk = kind.minimize(c, whileTime(mayGoOn, fails), SHRINK_RUNS);
          return { size: kind.size(shrunk), text: kind.print(shrunk, { title: "witness" }) };
        },
      };
    },
  };
}
