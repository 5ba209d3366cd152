// A failing history as plain data for the report: its actions with what became of each, the machine's events during the one
// that an oracle objects to, and what became of the packs.

import type { Engine } from "../../engines/engine.js";
import type { Violation } from "../../properties/cases/history/check.js";
import { type HistoryFile, printActions, printHistory } from "../../properties/cases/history/text.js";
import type { Action } from "../../subjects/action.js";
import type { Step } from "../../subjects/step.js";
import { formatEvent } from "../format/event.js";
import { placesOf } from "../format/place.js";
import { replayFile } from "../history-file.js";
import type { ActionData, FindingData } from "./data.js";

export interface FailedHistory {
  readonly name: string;
  readonly history: HistoryFile;
  readonly engine: Engine;
  readonly oracle: string;
  readonly expected: string;
  readonly got: string;
  readonly replay: string;
}

const MOST_LINES = 600;

/** Played once more: the history must not be one that ends the process. */
export function historyFindingData(failed: FailedHistory): FindingData {
  const { name, history, engine, oracle, expected, got, replay } = failed;
  const { actions, options } = history;
  const lines = new Map(printActions(actions, options).map((line, i) => [actions[i], line]));
  const done: ActionData[] = [];
  let events: readonly string[] = [];
  const { report } = replayFile(history, {
    engine,
    onStep: (action, step, violations) => {
      const text = lines.get(action) ?? `free #${"id" in action ? action.id : ""}, at the end`;
      done.push({ text, result: resultOf(action, step), breaches: violations.map(breachText) });
      if (violations.length > 0) events = eventLines(step);
    },
  });
  const late = report.violations.filter(({ step }) => step >= actions.length);
  if (late.length > 0 && done.every(({ breaches }) => breaches.length === 0)) {
    done.push({ text: "when all is over", result: "", breaches: late.map(breachText) });
  }
  const more = events.length - MOST_LINES;
  return {
    ...{ name, title: `${oracle} objects`, oracle, where: oracle, expected, got },
    ...{ rows: [], groups: [], listing: [], actions: done, steps: [], stepsCut: false },
    events: more <= 0 ? events : [...events.slice(0, MOST_LINES), `and ${more} more events`],
    text: printHistory(history),
    replay,
  };
}

function eventLines(step: Step): readonly string[] {
  const placeOf = placesOf(step);
  return step.events.map((event, i) => formatEvent(event, i, placeOf));
}

const breachText = ({ oracle, what }: Violation): string => `${oracle}: ${what}`;

function resultOf(action: Action, { result, faultsHit, executions }: Step): string {
  const parts: string[] = [result.kind];
  if (result.kind === "refused") parts.push(result.error.kind);
  if (result.kind === "crashed") parts.push(result.error.message);
  if ("error" in result && typeof result.error === "number" && result.error !== 0) parts.push(`error ${result.error}`);
  if (faultsHit > 0) parts.push(faultsHit === 1 ? "a failure faultsHit" : `${faultsHit} failures faultsHit`);
  const others = action.kind === "run" ? 0 : executions.length;
  if (others > 0) parts.push(others === 1 ? "another CPU ran once" : `other CPUs ran ${others} times`);
  return parts.join(", ");
}
