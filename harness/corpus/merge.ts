// Merging corpora: a set union by content. Nothing of the target is changed, and what comes keeps its name unless another
// entry has it.

import path from "node:path";
import { type BadInput, type Loaded, loaded } from "../bad-input.js";
import { makeDirectory } from "../output-file.js";
import { damageOf, readCorpus, writeEntry } from "./store.js";

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
    const written = writeEntry(into, path.parse(entry.file).name, entry);
    if (!written.ok) {
      refused.push(written.error);
      continue;
    }
    ids.add(entry.id);
    added.push(written.value);
  }
  return loaded({ added, known, refused });
}
