// Runs a command in-process and keeps what it printed, and makes files for it to run on. For tests.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Io } from "./io.js";
import { main } from "./main.js";

export interface Captured {
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

/** A fresh directory with these files: name -> contents. */
export function makeFiles(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-"));
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), contents);
  }
  return directory;
}
