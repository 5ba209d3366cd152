// What a terminal is sent: one line that never wraps, and that leaves nothing when the window becomes narrower.

import { expect, test } from "vitest";
import type { Io } from "./io.js";
import { startProgress, startStatus } from "./progress.js";

function terminal(columns: number): { readonly io: Io; width: number; readonly sent: string[] } {
  const sent: string[] = [];
  const made = { width: columns, sent } as { io: Io; width: number; sent: string[] };
  made.io = {
    ...{ out: () => {}, err: (text: string) => sent.push(text), isTerminal: true, stop: new AbortController().signal },
    get columns() {
      return made.width;
    },
  };
  return made;
}

const ESC = "\u001b";
const shown = (text: string): string => text.slice(text.indexOf(`${ESC}[J`) + 3);

test("a line is never wider than the terminal", () => {
  const { io, sent } = terminal(80);
  startStatus(io, "fuzz").update("x".repeat(200));
  startProgress(io, "gate", 100).update(40, "y".repeat(200));
  for (const text of sent) expect(shown(text).length).toBeLessThan(80);
  expect(shown(sent[1] ?? "")).toContain("40 %");
});

test("when the window becomes narrower, all rows that the line takes by now are cleared", () => {
  const term = terminal(80);
  const status = startStatus(term.io, "fuzz");
  status.update("x".repeat(200));
  term.width = 30;
  status.update("short");
  // 79 characters are three rows of 30.
  expect(term.sent[1]).toBe(`${ESC}[2A\r${ESC}[Jfuzz: short`);
  status.stop();
  expect(term.sent[2]).toBe(`\r${ESC}[J`);
});

test("nothing that is sent has a colour", () => {
  const { io, sent } = terminal(80);
  const progress = startProgress(io, "gate", 10);
  progress.update(5, "half");
  progress.stop();
  for (const text of sent) expect(text.includes(`${ESC}[3`)).toBe(false);
});

test("where there is no terminal, no escapes are sent", () => {
  const { io, sent } = terminal(80);
  const status = startStatus({ ...io, isTerminal: false }, "fuzz");
  status.update("x");
  status.say("found");
  status.stop();
  expect(sent).toEqual(["found\n"]);
});
