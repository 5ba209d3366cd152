// Runs a command in-process and keeps what it printed. For tests.

import type { Io } from "../cli/io.js";
import { main } from "../cli/main.js";

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
