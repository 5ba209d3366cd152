// How far a long run is, on stderr: a bar or one live line on a terminal, now and then a plain line elsewhere.

import { Presets, SingleBar } from "cli-progress";
import type { Io } from "./io.js";

interface Progress {
  /** `done` of the total, and a few words. */
  update(done: number, note: string): void;
  stop(): void;
}

/** `total` in whatever unit `update` counts; the bar shows the share and the note. */
export function startProgress(io: Io, what: string, total: number): Progress {
  if (io.isTerminal) return bar(io, what, total);
  const { update, stop } = plainLines(io, what);
  return { update: (_done, note) => update(note), stop };
}

interface Status {
  update(line: string): void;
  /** Something to keep, above the live line. */
  say(line: string): void;
  stop(): void;
}

export const startStatus = (io: Io, what: string): Status => (io.isTerminal ? liveLine : plainLines)(io, what);

function bar(io: Io, what: string, total: number): Progress {
  const barsize = Math.max(10, Math.min(30, io.columns - what.length - 48));
  const format = `${what} {bar} {percentage} % {note}`;
  const single = new SingleBar({ format, barsize, hideCursor: false, clearOnComplete: true }, Presets.shades_classic);
  single.start(Math.max(1, total), 0, { note: "" });
  return {
    update: (done, note) => single.update(Math.min(done, total), { note }),
    stop: () => single.stop(),
  };
}

const CLEAR = "\r\u001b[2K";

function liveLine(io: Io, what: string): Status {
  let last = "";
  return {
    update: (line) => {
      last = `${what}: ${line}`.slice(0, Math.max(20, io.columns - 1));
      io.err(`${CLEAR}${last}`);
    },
    say: (line) => io.err(`${CLEAR}${line}\n${last}`),
    stop: () => io.err(CLEAR),
  };
}

const PLAIN_EVERY_MS = 10_000;

function plainLines(io: Io, what: string): Status {
  let last = performance.now();
  return {
    update: (line) => {
      const now = performance.now();
      if (now - last < PLAIN_EVERY_MS) return;
      last = now;
      io.err(`${what}: ${line}\n`);
    },
    say: (line) => io.err(`${line}\n`),
    stop: () => {},
  };
}
