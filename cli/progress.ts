// How far a long run is: a bar on a terminal, now and then a plain line elsewhere. Both on stderr.

import { Presets, SingleBar } from "cli-progress";
import type { Io } from "./io.js";

export interface Progress {
  /** `done` of `total`, and a few words. */
  update(done: number, note: string): void;
  stop(): void;
}

const PLAIN_EVERY_MS = 10_000;

/** `total` in whatever unit `update` counts; the bar shows the share and the note. */
export function startProgress(io: Io, what: string, total: number): Progress {
  return io.isTerminal ? bar(io, what, total) : plainLines(io, what);
}

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

function plainLines(io: Io, what: string): Progress {
  let last = performance.now();
  return {
    update: (_done, note) => {
      const now = performance.now();
      if (now - last < PLAIN_EVERY_MS) return;
      last = now;
      io.err(`${what}: ${note}\n`);
    },
    stop: () => {},
  };
}
