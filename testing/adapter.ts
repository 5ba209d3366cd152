// Adapters for tests: small scripts that speak the image protocol with one answer for every program, right or wrong, and
// scripts that break it.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSubject } from "../subjects/open.js";
import type { ProgramSubject } from "../subjects/program-subject.js";

/** Reads requests; `answer(id)` gives the bytes behind the length. */
const SERVE = `
const fs = require("node:fs");
const read = (n) => {
  const b = Buffer.alloc(n);
  for (let at = 0; at < n; ) {
    const got = fs.readSync(0, b, at, n - at, null);
    if (got === 0) process.exit(0);
    at += got;
  }
  return b;
};
const write = (b) => { for (let at = 0; at < b.length; ) at += fs.writeSync(1, b, at); };
const words = (...w) => { const b = Buffer.alloc(4 * w.length); w.forEach((x, i) => b.writeUInt32LE(x >>> 0, 4 * i)); return b; };
const frame = (body) => write(Buffer.concat([words(body.length), body]));
const HELLO = words(0x81, 0x49584f52, 1);
const serve = (answer) => {
  for (;;) {
    const body = read(read(4).readUInt32LE(0));
    if (body.readUInt32LE(0) === 1) frame(HELLO);
    else frame(answer(body.readUInt32LE(4)));
  }
};
`;

interface Given {
  readonly words: readonly number[];
  /** Bytes from r10 to SP at entry. */
  readonly frame?: number;
  /** Kind, byte offset, helper. */
  readonly relocations?: readonly (readonly [kind: number, offset: number, helper: number])[];
}

/** A subject whose image is the same for every program. */
export function imageSubject({ words, frame = 0, relocations = [] }: Given, description: object = {}): ProgramSubject {
  const numbers = [frame, relocations.length, ...relocations.flat(), ...words].join(", ");
  return scriptSubject(`serve((id) => words(0x82, id, 0, ${numbers}));`, description);
}

/** A subject behind a script that has `serve`, `frame`, `words`, `write`, `read` and `HELLO`. */
export function scriptSubject(script: string, description: object = {}): ProgramSubject {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-adapter-"));
  writeFileSync(path.join(directory, "adapter.cjs"), `${SERVE}\n${script}\n`);
  const file = path.join(directory, "subject.json");
  const all = { name: "test", command: [process.execPath, "./adapter.cjs"], timeoutMs: 5000, ...description };
  writeFileSync(file, JSON.stringify(all));
  const opened = openSubject(file);
  if (!opened.ok) throw new RangeError(opened.got);
  return opened.subject as ProgramSubject;
}
