// All mutants of the project, from their files, and the sources with one of them planted.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import { findFiles, readTextFile } from "../input-file.js";
import type { Change } from "./automatic.js";
import { applyEdits, type Mutant, parseMutant } from "./mutant.js";

interface Collection {
  readonly mutants: readonly Mutant[];
  readonly unreadable: readonly BadInput[];
}

/** Every `.mutant` file below the directory, by id. */
export function readMutants(directory: string): Collection {
  const found = findFiles([directory], [".mutant"]);
  const unreadable: BadInput[] = [...found.refused];
  const mutants: Mutant[] = [];
  for (const file of found.files) {
    const text = readTextFile(file);
    const group = path.basename(path.dirname(file));
    const mutant = text.ok ? parseMutant(file, group, text.value) : text;
    if (!mutant.ok) unreadable.push(mutant.error);
    else if (!mutants.some(({ id }) => id === mutant.value.id)) mutants.push(mutant.value);
    else unreadable.push({ subject: file, expected: "an id of its own", got: mutant.value.id, next: "choose another" });
  }
  return { mutants: mutants.toSorted((a, b) => (a.id < b.id ? -1 : 1)), unreadable };
}

/** Those with these ids or of these groups, in the order of the collection. */
export function choose(mutants: readonly Mutant[], only: readonly string[] | undefined): Loaded<readonly Mutant[]> {
  if (only === undefined) return loaded(mutants);
  const unknown = only.find((name) => !mutants.some(({ id, group }) => id === name || group === name));
  if (unknown === undefined)
    return loaded(mutants.filter(({ id, group }) => only.includes(id) || only.includes(group)));
  return refuse({ subject: "--ids", expected: "ids or groups of mutants", got: unknown, next: "see mutants/" });
}

export interface Variant extends Pick<Mutant, "id" | "title" | "group" | "reenacts" | "equivalent"> {
  /** Path from the project's root -> its text. */
  readonly files: ReadonlyMap<string, string>;
}

/** The group of changes that nobody thought of: some of them make no sense to the compiler. */
export const AUTOMATIC = "automatic";

/** The sources with a mutant's edits made. */
export function variantOf(root: string, mutant: Mutant): Loaded<Variant> {
  const files = new Map<string, string>();
  for (const file of new Set(mutant.edits.map((edit) => edit.file))) {
    if (!existsSync(path.join(root, file))) return refuse(noSuchFile(mutant, file));
    const changed = applyEdits(mutant, file, readFileSync(path.join(root, file), "utf8"));
    if (!changed.ok) return changed;
    files.set(file, changed.value);
  }
  return loaded({ ...mutant, files });
}

const noSuchFile = ({ id }: Mutant, file: string): BadInput => ({
  ...{ subject: `mutant ${id}`, expected: "a file of the sources", got: `"${file}"` },
  next: "carry the change over to the present sources",
});

/** The sources with one small change; `number` counts all changes. @param equivalent why no oracle can see it */
export function variantOfChange(root: string, change: Change, number: number, equivalent?: string): Variant {
  const { file, line, start, end, was, text } = change;
  const source = readFileSync(path.join(root, file), "utf8");
  const shown = (part: string): string => part.replaceAll(/\s+/g, " ").slice(0, 40);
  return {
    id: `Z${number}`,
    title: `${file}:${line}: ${shown(was)} -> ${shown(text)}`,
    group: AUTOMATIC,
    reenacts: AUTOMATIC,
    ...(equivalent === undefined ? {} : { equivalent }),
    files: new Map([[file, source.slice(0, start) + text + source.slice(end)]]),
  };
}
