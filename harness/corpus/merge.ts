// Merging corpora: a set union by content. Nothing of the target is changed, and what comes keeps its name unless another
// entry has it.

import path from "node:path";
import { type BadInput, type Loaded, loaded } from "../bad-input.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { damageOf, readCorpus } from "./store.js";

interface Merged {
  readonly added: readonly string[];
  /** Entries that were there already, by content. */
  readonly known: number;
  /** What could not be taken over. */
  readonly refused: readonly BadInput[];
}

export function mergeCorpora(into: string, from: readonly string[]): Loaded<Merged> {
  const made = makeDirectory(into);
  if (!made.ok) return made;
  const target = readCorpus([into]);
  const source = readCorpus(from);
  const ids = new Set(target.entries.map(({ id }) => id));
  const names = new Set(target.entries.map(({ file }) => path.basename(file)));
  const refused: BadInput[] = [...target.unreadable, ...source.unreadable];
  const added: string[] = [];
  let known = 0;
  for (const entry of source.entries) {
    const damage = damageOf(entry);
    if (damage !== undefined) {
      refused.push(damage);
      continue;
    }
    if (ids.has(entry.id)) {
      known++;
      continue;
    }
    const { name } = path.parse(entry.file);
    const { extension } = entry.kind;
    const base = `${name}${extension}`;
    const file = path.join(into, names.has(base) ? `${name}-${entry.id}${extension}` : base);
    const written = writeOutputFile(file, entry.text());
    if (!written.ok) return written;
    ids.add(entry.id);
    names.add(path.basename(file));
    added.push(file);
  }
  return loaded({ added, known, refused });
}
