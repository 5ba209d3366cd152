// One live line on stderr that says where a long run is: rewritten on a terminal, now and then a line of its own elsewhere.

import type { Io } from "./io.js";

export interface Status {
  update(line: string): void;
  /** Something to keep, above the live line. */
  say(line: string): void;
  stop(): void;
}

const PLAIN_EVERY_MS = 10_000;
const CLEAR = "\r\u001b[2K";

export function startStatus(io: Io, what: string): Status {
  return io.isTerminal ? liveLine(io, what) : plainLines(io, what);
}

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
