// All mutants of the project, from their files.

import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import { findFiles, readTextFile } from "../input-file.js";
import { type Mutant, parseMutant } from "./mutant.js";

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
