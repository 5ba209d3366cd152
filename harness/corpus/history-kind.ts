// The kind of case that is a history of loads, runs, attaches and frees: `.history`.

import { createHash } from "node:crypto";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { replay } from "../../properties/cases/history/replay.js";
import { type HistoryFile, parseHistory, printHistory } from "../../properties/cases/history/text.js";
import { AGREE } from "../../properties/verdict.js";
import { loaded, refuse } from "../bad-input.js";
import type { CaseKind, Entry } from "./entry.js";

export const historyKind: CaseKind = {
  extensions: [HISTORIES.extension],
  what: HISTORIES.what,
  read(file, text) {
    const parsed = parseHistory(text);
    if (parsed.ok) return loaded(entryOf(file, parsed.value));
    const { line, message } = parsed.error;
    return refuse({ subject: file, expected: "a history", got: `line ${line}: ${message}`, next: "correct the line" });
  },
};

function entryOf(file: string, history: HistoryFile): Entry {
  const { title, oracle, expect } = history.about;
  return {
    file,
    id: idOf(history),
    statedId: undefined,
    about: { title: title === "" ? undefined : title, oracle },
    expects: true,
    trial: expect === "pass" ? { kind: HISTORIES, case: history } : undefined,
    replay(engine) {
      const { wrong } = replay(history, { engine });
      if (wrong === undefined) return AGREE;
      const expected = expect === "pass" ? "no objection" : "an objection";
      return {
        kind: "disagree",
        oracle: oracle ?? "history",
        reason: "objects",
        where: "history",
        expected,
        got: wrong,
      };
    },
    text: (other = title) => printHistory({ ...history, about: { ...history.about, title: other } }),
    as(form) {
      if (form === "text") return loaded(printHistory(history));
      const next = "export it as text";
      return refuse({ subject: file, expected: "a program in that form", got: "a history", next });
    },
  };
}

/** Of everything but title and notes. */
function idOf(history: HistoryFile): string {
  const content = printHistory({ ...history, about: { ...history.about, title: "", notes: [] } });
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}
