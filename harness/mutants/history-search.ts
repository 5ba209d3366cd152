// The search through histories of loads, runs, frees and pokes, every oracle on.

import { minimizeHistory } from "../../properties/history/minimize.js";
import { printActions } from "../../properties/history/text.js";
import { historyAt, playOrCrash } from "../sequences/task.js";
import type { Found, Search } from "./search.js";

/** How often shrinking may play a candidate. */
const SHRINK_RUNS = 20_000;

export function historySearch(seed: number): Search {
  let index = 0;
  return {
    name: "histories",
    step() {
      const history = historyAt(seed, index++);
      const [violation] = playOrCrash(history).violations;
      if (violation === undefined) return "nothing";
      const { oracle, what } = violation;
      const found: Found = {
        oracle,
        ...{ where: "a history", expected: "no oracle to object", actual: what },
        shrink(mayGoOn) {
          const plain = minimizeHistory(
            history,
            (candidate) => mayGoOn() && playOrCrash(candidate).violations[0]?.oracle === oracle,
            SHRINK_RUNS,
          );
          return { size: plain.actions.length, text: printActions(plain.actions, plain.options).join("\n") };
        },
      };
      return found;
    },
  };
}
