// Automatic changes that no oracle can see, each with the argument why: `mutants/equivalent-changes.txt`. An argument holds
// for a line of a file and for the changes that it names, and for nothing else: when the line goes, so must the argument.

import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import type { Change } from "./automatic.js";

interface Argument {
  readonly file: string;
  /** The line of the source, without the blanks around it. */
  readonly line: string;
  /** As `was -> text`. */
  readonly changes: readonly string[];
  readonly why: string;
}

/** A change in one line, as arguments and reports name it. */
const describeChange = ({ was, text }: Pick<Change, "was" | "text">): string => `${short(was)} -> ${short(text)}`;
const short = (part: string): string => part.replaceAll(/\s+/g, " ").slice(0, 60);

/**
 * ```
 * # impl/some/file.ts
 *
 * the line of the source
 *   was -> text
 *   was -> text
 * | the argument, on as many lines
 * | as it takes
 * ```
 */
export function parseArguments(name: string, text: string): Loaded<readonly Argument[]> {
  const found: Argument[] = [];
  let file: string | undefined;
  let draft: { line: string; changes: string[]; why: string[] } | undefined;
  const wrong = (line: number, expected: string, got: string): Loaded<readonly Argument[]> =>
    refuse({ subject: `${name}:${line}`, expected, got, next: "correct the file" });
  const finish = (): boolean => {
    if (draft === undefined) return true;
    const { line, changes, why } = draft;
    draft = undefined;
    if (file === undefined || changes.length === 0 || why.length === 0) return false;
    found.push({ file, line, changes, why: why.join(" ") });
    return true;
  };
  for (const [i, line] of [...text.split("\n"), "# end"].entries()) {
    if (line.startsWith("//") || line.trim() === "") continue;
    if (line.startsWith("| ")) draft?.why.push(line.slice(2));
    else if (line.startsWith("  ")) draft?.changes.push(line.trim());
    else {
      const { line: last } = draft ?? { line: "" };
      if (!finish()) return wrong(i + 1, "a file, a line, its changes and the argument above this", last);
      if (line.startsWith("# ")) file = line.slice(2);
      else draft = { line, changes: [], why: [] };
    }
  }
  return loaded(found);
}

/** Change -> argument. Every argument must find its line once, and in it each of its changes. */
export function argued(
  args: readonly Argument[],
  changes: readonly Change[],
  sourceOf: (file: string) => string,
): Loaded<ReadonlyMap<Change, string>> {
  const whys = new Map<Change, string>();
  for (const { file, line, changes: named, why } of args) {
    const lines = sourceOf(file).split("\n");
    const numbers = lines.flatMap((text, i) => (text.trim() === line ? [i + 1] : []));
    if (numbers.length !== 1) return refuse(stale(file, "the line exactly once", `${numbers.length} times: ${line}`));
    for (const name of named) {
      const hits = changes.filter((c) => c.file === file && c.line === numbers[0] && describeChange(c) === name);
      if (hits.length === 0) return refuse(stale(file, `a change ${name}`, `none in: ${line}`));
      for (const hit of hits) whys.set(hit, why);
    }
  }
  return loaded(whys);
}

const stale = (file: string, expected: string, got: string): BadInput => ({
  ...{ subject: `equivalent change of ${file}`, expected, got },
  next: "carry the argument over to the present source, or drop it",
});
