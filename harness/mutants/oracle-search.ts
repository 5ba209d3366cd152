// Which oracles of memory object to a mutant: a fixed number of histories, each played to its end whatever is wrong. An
// oracle that is the only one to object to some mutant is not there in vain.

import { defaultEngine } from "../../engines/index.js";
import { type PlayOptions, playHistory, type Violation } from "../../properties/cases/history/check.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
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
        const got = "objections";
        return { oracle, where, expected: "none", got, shrink: () => ({ size: undefined, text: where }) };
      }
      const note = (oracle: string): void => {
        if (objecting.size === 0) where = `history ${index - 1} of seed ${seed}`;
        objecting.add(oracle);
      };
      const nonsense = new Set<Violation>();
      let isWrong = false;
      const onStep: PlayOptions["onStep"] = (_, { result }, violations) => {
        // A model that is asked what makes no sense any more throws this.
        const isSlip = result.kind === "crashed" && result.error instanceof RangeError;
        if (isWrong && isSlip) for (const violation of violations) nonsense.add(violation);
        isWrong ||= violations.length > 0;
      };
      try {
        const { violations } = playHistory(HISTORIES.fresh(seed, index++), { engine, goOn: true, onStep });
        for (const violation of violations) if (!nonsense.has(violation)) note(violation.oracle);
      } catch {
        if (objecting.size === 0) note("no-exception");
      }
      return "nothing";
    },
  };
}
