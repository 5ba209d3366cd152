// Random histories of loads, runs, frees and pokes, with every oracle that looks at them.

import type { History } from "../../properties/history/history.js";
import { HistoryArbitrary } from "../../properties/history/history-arbitrary.js";
import { minimizeHistory } from "../../properties/history/minimize.js";
import { playHistory, type Violation } from "../../properties/history/play.js";
import { printHistory } from "../../properties/history/text.js";
import { EXCEPTION } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
import type { Search } from "./search.js";

/** How often shrinking may play a candidate. */
const SHRINK_RUNS = 20_000;

export function historySearch(seed: number): Search {
  const histories = new HistoryArbitrary();
  let index = 0;
  return {
    name: "histories",
    share: 2,
    step() {
      const history = histories.generate(randomSource(seed, index++)).value;
      const violation = play(history);
      if (violation === undefined) return "nothing";
      const { oracle, step, what } = violation;
      return {
        ...{ oracle, where: `step ${step}`, expected: "no breach", actual: what },
        shrink(mayGoOn) {
          const fails = (candidate: History): boolean => mayGoOn() && play(candidate)?.oracle === oracle;
          const shrunk = minimizeHistory(history, fails, SHRINK_RUNS);
          const about = { title: "witness", oracle: undefined, expect: "breach", notes: [] } as const;
          return { size: shrunk.actions.length, text: printHistory({ ...shrunk, about }) };
        },
      };
    },
  };
}

/** The first breach. What an exception says is one. */
function play(history: History): Violation | undefined {
  try {
    return playHistory(history).violations[0];
  } catch (error) {
    return { step: 0, oracle: EXCEPTION, what: error instanceof Error ? error.message : String(error) };
  }
}
