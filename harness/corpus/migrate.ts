// Rewriting files of before to today's form: heads in place, then extensions. Names and content stay, and with them the ids;
// nothing is written over another file.

import { existsSync, renameSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, refuse } from "../bad-input.js";
import { findFiles, readTextFile } from "../input-file.js";
import { writeOutputFile, writing } from "../output-file.js";
import { contentId, EXTENSIONS, readEntry } from "./entry.js";
import { damageOf } from "./store.js";

interface Migrated {
  /** By their new names. */
  readonly rewritten: readonly string[];
  /** How many files have today's form already. */
  readonly current: number;
  /** What is left as it was, and why. */
  readonly refused: readonly BadInput[];
}

export function migrateCorpus(paths: readonly string[]): Migrated {
  const found = findFiles(paths, EXTENSIONS);
  const rewritten: string[] = [];
  const refused: BadInput[] = [...found.refused];
  let current = 0;
  for (const file of found.files) {
    const migrated = migrate(file);
    if (!migrated.ok) refused.push(migrated.error);
    else if (migrated.value === undefined) current++;
    else rewritten.push(migrated.value);
  }
  return { rewritten, current, refused };
}

/** The new name; undefined if nothing had to be done. */
function migrate(file: string): Loaded<string | undefined> {
  const text = readTextFile(file);
  if (!text.ok) return text;
  const entry = readEntry(file);
  if (!entry.ok) return entry;
  const damage = damageOf(entry.value);
  if (damage !== undefined) return refuse(damage);
  const { kind, id } = entry.value;
  const today = kind.today?.(text.value) ?? text.value;
  const { dir, name } = path.parse(file);
  const to = path.join(dir, `${name}${kind.extension}`);
  if (to !== file && existsSync(to)) {
    const next = "rename one of the two";
    return refuse({ subject: file, expected: "a new name that is free", got: `a file ${to}`, next });
  }
  if (today !== text.value) {
    const rewritten = withId(today, id);
    const again = kind.parse(rewritten);
    if (!again.ok || contentId(kind, again.value, again.head) !== id)
      throw new Error(`${file} would not stay the same`);
    const written = writeOutputFile(file, rewritten);
    if (!written.ok) return written;
  } else if (to === file) return { ok: true, value: undefined };
  return to === file ? { ok: true, value: to } : writing(to, () => renameSync(file, to));
}

/** With its id below title and oracle. */
const withId = (text: string, id: string): string =>
  /^# id: /m.test(text) ? text : text.replace(/^(?:# (?:title|oracle): .*\n)*/, `$&# id: ${id}\n`);
