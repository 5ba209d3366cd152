// Runs a command in-process and keeps what it printed. For tests.

import type { Io } from "./io.js";
import { main } from "./main.js";

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
