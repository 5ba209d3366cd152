// Which oracles of memory object to a mutant: a fixed number of histories, each played to its end whatever is wrong. An
// oracle that is the only one to object to some mutant is not there in vain.

import { defaultEngine } from "../../engines/index.js";
import { playHistory, type Violation } from "../../properties/history/play.js";
import { HISTORIES } from "../kinds/histories.js";
import type { Search } from "./search.js";

const TRIED = 500;

export function oracleSearch(seed: number): Search {
  const engine = defaultEngine();
  const objecting = new Set<string>();
  let index = 0;
  let where = "";
  return {
    name: "oracles",
    share: 1,
    isBaseline: true,
    step() {
      if (index === TRIED) {
        if (objecting.size === 0) return "exhausted";
        const oracle = [...objecting].sort().join(" ");
        const actual = "objections";
        return { oracle, where, expected: "none", actual, shrink: () => ({ size: undefined, text: where }) };
      }
      const note = (oracle: string): void => {
        if (objecting.size === 0) where = `history ${index} of seed ${seed}`;
        objecting.add(oracle);
      };
      const hear = (violations: readonly Violation[]): void => {
        for (const { oracle } of violations) note(oracle);
      };
      try {
        const history = HISTORIES.fresh(seed, index++);
        hear(playHistory(history, { engine, goOn: true, onStep: (_, __, violations) => hear(violations) }).violations);
      } catch {
        // Once something was wrong, anything may come of going on.
        if (objecting.size === 0) note("no-exception");
      }
      return "nothing";
    },
  };
}
