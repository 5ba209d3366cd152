// Histories in a campaign: cells out of each step, changes where sizes and moments matter, and the action to blame.

import type { Engine } from "../../engines/engine.js";
import type { PlayOptions } from "../../properties/cases/history/check.js";
import { HISTORIES, judgedPlay, playOrCrash } from "../../properties/cases/history/index.js";
import { mutateHistory } from "../../properties/cases/history/mutate.js";
import { HistoryCells } from "../../properties/coverage/history.js";
import type { Action, History } from "../../subjects/action.js";
import { NO_COST, type Trial } from "./trial.js";

export function historyTrial(engine: Engine): Trial<History> {
  const play = (history: History, options: PlayOptions = {}) => playOrCrash(history, engine, options);
  return {
    kind: HISTORIES,
    check(history) {
      const cells = new HistoryCells(history.options);
      const report = play(history, { onStep: cells.onStep });
      return { judged: judgedPlay(report), cells: cells.reached, cost: { ...NO_COST, steps: report.steps } };
    },
    judge: (history) => judgedPlay(play(history)),
    blame(history) {
      let blamed = "end";
      play(history, {
        onStep: (action, { faultsHit }, violations) => {
          if (violations.length > 0) blamed = described(action, faultsHit);
        },
      });
      return blamed;
    },
    lesson: (history, about) => HISTORIES.print(history, about),
    change: (parent, other, draw) => mutateHistory(parent, other, draw),
    // A generated program in it refers to rows of the instruction table, which do not cross threads.
    pack: (history) => HISTORIES.print(history, { title: undefined }),
    unpack(packed) {
      const parsed = HISTORIES.parse(String(packed));
      if (!parsed.ok) throw new Error(`a history does not read back: ${parsed.error.message}`);
      return parsed.value;
    },
  };
}

/** `load`, `load, copy fails`. */
function described(action: Action, faultsHit: number): string {
  const [failing] = faultsHit > 0 && "fails" in action ? action.fails : [];
  return failing === undefined ? action.kind : `${action.kind}, ${failing.step} fails`;
}
