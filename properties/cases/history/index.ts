// Histories of loads, runs, attaches and frees: no oracle of memory objects.

import type { Engine } from "../../../engines/engine.js";
import type { History } from "../../../subjects/action.js";
import { randomSource } from "../../../subjects/random/source.js";
import { ORACLES } from "../../oracles/index.js";
import { EXCEPTION, NO_EXCEPTION, type Verdict, withoutNumbers } from "../../verdict.js";
import type { Kind } from "../kind.js";
import { HistoryArbitrary } from "./arbitrary.js";
import { type PlayOptions, type PlayReport, playHistory } from "./check.js";
import { minimizeHistory } from "./shrink.js";
import { parseHistory, printHistory } from "./text.js";

const arbitrary = new HistoryArbitrary();

export const HISTORIES: Kind<History> = {
  name: "histories",
  extension: ".history",
  what: "a history of programs",
  unit: "action",
  fresh: (seed, index) => arbitrary.generate(randomSource(seed, index)).value,
  stage: (engine) => ({ judge: (history) => judgedPlay(playOrCrash(history, engine)) }),
  size: ({ actions }) => actions.length,
  minimize: minimizeHistory,
  print(history, { title, oracle, notes = [] }) {
    const named = ORACLES.some(({ name }) => name === oracle) ? oracle : undefined;
    return printHistory({ ...history, about: { title: title ?? "", oracle: named, expect: "pass", notes } });
  },
  parse(text) {
    const parsed = parseHistory(text);
    if (parsed.ok) return { ok: true, value: parsed.value, about: parsed.value.about };
    return { ok: false, error: { message: `line ${parsed.error.line}: ${parsed.error.message}` } };
  },
};

/** The first breach. Those of one oracle are one finding: what it says depends on all that came before. */
export function judgedPlay({ violations: [violation] }: PlayReport): Verdict {
  if (violation === undefined) return { kind: "agree" };
  const { oracle, step, what } = violation;
  const reason = oracle === NO_EXCEPTION ? withoutNumbers(what) : "objects";
  return { kind: "disagree", oracle, reason, where: `step ${step}`, expected: "no breach", got: what, step };
}

/** An exception of a witness is a breach like any other. */
export function playOrCrash(history: History, engine: Engine, options: PlayOptions = {}): PlayReport {
  try {
    return playHistory(history, { ...options, engine });
  } catch (error) {
    const what = `${EXCEPTION}: ${error instanceof Error ? error.message : String(error)}`;
    const violations = [{ step: 0, oracle: NO_EXCEPTION, what }];
    return { violations, steps: 0, interleavings: 0, failures: 0, loads: 0, refused: 0 };
  }
}
