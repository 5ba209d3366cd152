// A directory of entries: adding, comparing, merging. Names are made of titles; which entries are the same is decided by
// content.

import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import { findFiles } from "../input-file.js";
import { OBJECT_EXTENSION, type ProgramChoice } from "../object-file.js";
import { makeDirectory, writeNew } from "../output-file.js";
import { contentId, type Entry, EXTENSIONS, readEntries } from "./entry.js";

interface Corpus {
  readonly entries: readonly Entry[];
  readonly unreadable: readonly BadInput[];
}

/** All entries of directories and files, in name order; the programs of object files as well, as `choice` has them. */
export function readCorpus(paths: readonly string[], choice: Pick<ProgramChoice, "unknownCalls"> = {}): Corpus {
  const found = findFiles(paths, [...EXTENSIONS, OBJECT_EXTENSION]);
  const entries: Entry[] = [];
  const unreadable: BadInput[] = [...found.refused];
  for (const file of found.files) {
    for (const entry of readEntries(file, choice)) {
      if (entry.ok) entries.push(entry.value);
      else unreadable.push(entry.error);
    }
  }
  return { entries, unreadable };
}

const MOST_NAME = 80;

/** The name of an entry with that title: `A store, then a load` becomes `a-store-then-a-load`. */
function nameOfTitle(title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll("'", "")
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  let name = "";
  for (const word of words) {
    if (name.length + word.length >= MOST_NAME) break;
    name = name === "" ? word : `${name}-${word}`;
  }
  return name;
}

const isEntryName = (name: string): boolean => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);

interface Added {
  readonly file: string;
  /** `known`: an entry of the same content is there already, under this name. */
  readonly how: "added" | "known";
}

/**
 * Add an entry under a name. An entry of the same content stays as it is; another one of the same name makes the new name
 * end with the content's id.
 */
function addEntry(directory: string, entry: Entry, name: string, title?: string): Loaded<Added> {
  const made = makeDirectory(directory);
  if (!made.ok) return made;
  const { entries } = readCorpus([directory]);
  const same = entries.find(({ id }) => id === entry.id);
  if (same !== undefined) return loaded({ file: same.file, how: "known" });
  const written = writeEntry(directory, name, entry, title);
  return written.ok ? loaded({ file: written.value, how: "added" }) : written;
}

/**
 * Write an entry under a name, or under the name and its id where a file has that name, whatever is in it. What is written
 * has been read back. @returns the file
 */
export function writeEntry(directory: string, name: string, entry: Entry, title?: string): Loaded<string> {
  const text = entry.text(title);
  const { extension } = entry.kind;
  const again = entry.kind.parse(text);
  if (!again.ok || contentId(entry.kind, again.value, again.head) !== entry.id) {
    const got = again.ok ? "another case" : again.error.message;
    return refuse({ subject: entry.file, expected: "a case that can be written", got, next: "correct its head" });
  }
  for (const base of [name, `${name}-${entry.id}`]) {
    const file = path.join(directory, `${base}${extension}`);
    const written = writeNew(file, text);
    if (!written.ok) return written;
    if (written.value) return loaded(file);
  }
  const subject = path.join(directory, `${name}-${entry.id}${extension}`);
  const next = "look at that file, and move it away";
  return refuse({ subject, expected: "a name that is free", got: "a file that is no such entry", next });
}

/** Add one with a name of its own, or say that it needs one. */
export function addByTitle(directory: string, entry: Entry, title: string | undefined): Loaded<Added> {
  const shown = title ?? entry.head.title;
  const name = shown === undefined ? "" : nameOfTitle(shown);
  if (name !== "") return addEntry(directory, entry, name, shown);
  return refuse({
    subject: entry.file,
    expected: "a title that says what it shows",
    got: shown === undefined ? "none" : `"${shown}"`,
    next: "give --title",
  });
}

/** A file whose content is not that of its id; undefined if it is what it claims to be. */
export function damageOf({ file, id, head }: Entry): BadInput | undefined {
  if (head.id === undefined || head.id === id) return undefined;
  const next = "restore the file, or add it as a new entry";
  return { subject: file, expected: `the content with id ${head.id}`, got: `content with id ${id}`, next };
}

/** What a corpus asks of an entry beside agreement; empty if nothing is wrong. */
export function complaintsOf(entry: Entry): readonly BadInput[] {
  const { file, kind, head } = entry;
  const damage = damageOf(entry);
  const complaints: BadInput[] = damage === undefined ? [] : [damage];
  const complain = (expected: string, got: string, next: string): void => {
    complaints.push({ subject: file, expected, got, next });
  };
  const name = path.basename(file, path.extname(file));
  if (!isEntryName(name)) complain("a name of lower-case words and hyphens", name, "rename the file");
  if (head.title === undefined) complain("a title", "none", "say what the case shows");
  if (head.oracle === undefined) complain("the oracle that it is for", "none", "name the oracle");
  if (kind.hasResult === true && (head.expect ?? []).length === 0) {
    complain("what must come out", "nothing", "add an expect line");
  }
  return complaints;
}

/** Entries of the same content: all but the first of them. */
export function duplicates(entries: readonly Entry[]): readonly BadInput[] {
  const first = new Map<string, string>();
  return entries.flatMap(({ id, file }) => {
    const other = first.get(id);
    if (other === undefined) {
      first.set(id, file);
      return [];
    }
    return [{ subject: file, expected: "content of its own", got: `the content of ${other}`, next: "remove one" }];
  });
}
