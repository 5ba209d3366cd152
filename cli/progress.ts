// How far a long run is, on stderr: a bar or one live line on a terminal, now and then a plain line elsewhere.

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

/** A share as blocks, for instance `gate ██████░░░░ 60 % note`. */
function bar(io: Io, what: string, total: number): Progress {
  const { update, stop } = liveLine(io);
  return {
    update(done, note) {
      const share = Math.min(1, done / Math.max(1, total));
      const size = Math.max(10, Math.min(30, io.columns - what.length - 48));
      const full = Math.round(share * size);
      const blocks = "█".repeat(full) + "░".repeat(size - full);
      update(`${what} ${blocks} ${Math.floor(100 * share)} % ${note}`);
    },
    stop,
  };
}

/** One line, written over and over. In a window that became narrower it takes several rows by now. */
function liveLine(io: Io, what?: string): Status {
  let last = "";
  const clear = (): string => {
    const rows = Math.ceil(last.length / Math.max(1, io.columns));
    return `${rows > 1 ? `\u001b[${rows - 1}A` : ""}\r\u001b[J`;
  };
  const show = (line: string): void => {
    const before = clear();
    last = line.slice(0, Math.max(20, io.columns - 1));
    io.err(`${before}${last}`);
  };
  return {
    update: (line) => show(what === undefined ? line : `${what}: ${line}`),
    say(line) {
      io.err(`${clear()}${line}\n${last}`);
    },
    stop() {
      io.err(clear());
      last = "";
    },
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
