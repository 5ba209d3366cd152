// The sources with one bug planted, however it was written down.

import { readFileSync } from "node:fs";
import path from "node:path";
import { type Loaded, loaded } from "../bad-input.js";
import type { Change } from "./automatic.js";
import { applyEdits, type Mutant } from "./mutant.js";

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
    const changed = applyEdits(mutant, file, readFileSync(path.join(root, file), "utf8"));
    if (!changed.ok) return changed;
    files.set(file, changed.value);
  }
  return loaded({ ...mutant, files });
}

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
