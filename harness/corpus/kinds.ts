// The kinds of cases, by extension. Everything that works on a corpus asks here; a new kind is a file of its own and a
// line in this list.

import path from "node:path";
import { TRAMPOLINES } from "../../properties/cases/trampoline/index.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { type Loaded, refuse } from "../bad-input.js";
import { readTextFile } from "../input-file.js";
import type { CaseKind, Entry } from "./entry.js";
import { historyKind } from "./history-kind.js";
import { lessonKind } from "./lesson-kind.js";
import { programKind } from "./program-kind.js";

export const KINDS: readonly CaseKind[] = [
  programKind,
  historyKind,
  lessonKind(VERIFIER_ONLY),
  lessonKind(TRAMPOLINES),
];

export const EXTENSIONS: readonly string[] = KINDS.flatMap(({ extensions }) => extensions);

/** Read an entry, or say in one line what is wrong with it. */
export function readEntry(file: string): Loaded<Entry> {
  const kind = KINDS.find(({ extensions }) => extensions.includes(path.extname(file)));
  if (kind === undefined) {
    const expected = `a file ${EXTENSIONS.map((extension) => `*${extension}`).join(" or ")}`;
    return refuse({ subject: file, expected, got: path.extname(file) || "no extension", next: "name a case file" });
  }
  const text = readTextFile(file);
  return text.ok ? kind.read(file, text.value) : text;
}
