// Runs a command in-process and keeps what it printed. For tests.

import { COMMANDS } from "../cli/commands/index.js";
import type { Io } from "../cli/io.js";
import { main } from "../cli/main.js";

// What a command needs is loaded when it is named; here before any test begins, so that no test waits for it.
await Promise.all(COMMANDS.map(({ load }) => load()));

interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function capture(argv: readonly string[], given: Partial<Io> = {}): Promise<Captured> {
  let out = "";
  let err = "";
  const code = await main(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    columns: 80,
    isTerminal: false,
    stop: new AbortController().signal,
    ...given,
  });
  return { code, out, err };
}
