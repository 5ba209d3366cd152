// Histories in files, and the command that runs one again.

import { defaultEngine } from "../engines/index.js";
import type { HistoryCheckOptions } from "../properties/cases/history/check.js";
import { type HistoryFile, type Replayed, replay } from "../properties/cases/history/check.js";
import { parseHistory, printActions } from "../properties/cases/history/text.js";
import type { Action } from "../subjects/action.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";
import { readTextFile } from "./input-file.js";

export function loadHistory(file: string): Loaded<HistoryFile> {
  const text = readTextFile(file);
  if (!text.ok) return text;
  const parsed = parseHistory(text.value);
  if (parsed.ok) return loaded({ ...parsed.value, head: parsed.head });
  return refuse({ subject: file, expected: "a history", got: parsed.error.message, next: "correct the line" });
}

export const replayFile = (file: HistoryFile, options: HistoryCheckOptions = {}): Replayed =>
  replay(file, { engine: defaultEngine(), ...options });

/** What an action is called: its line in the file, or what a run adds at the end. */
export function actionNames({ actions, options }: HistoryFile): (action: Action) => string {
  const lines = new Map(printActions(actions, options).map((line, i) => [actions[i], line]));
  return (action) => lines.get(action) ?? `free #${"id" in action ? action.id : ""}, at the end`;
}
