// A mutant is a bug planted on purpose: a named, exact edit of our own source. It is written as a text file that reads like
// a patch without line numbers, so that whoever reviews one sees the lines around the change.

import { type Loaded, loaded, refuse } from "../bad-input.js";

/** Whole lines that must occur exactly once, and the lines that take their place. */
interface Edit {
  /** Path from the project's root. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

export interface Mutant {
  readonly id: string;
  readonly title: string;
  /** The upstream commit or version of the series that had this bug; `cousin` of one; or `ours`. */
  readonly reenacts: string;
  /** Folder below `mutants/`. */
  readonly group: string;
  readonly edits: readonly Edit[];
  /** Why no oracle can tell it from the original, where that is so. */
  readonly equivalent?: string;
}

/**
 * ```
 * # A01: all ones pass for a bitmask immediate
 * # re-enacts: 579d1b3faa37
 * # equivalent: a written argument, only where no oracle can see it
 *
 * # file: impl/a64/bitmask.ts
 *    a line around the change
 * -  a line that goes
 * +  a line that comes
 * ```
 * A line `@@` begins another place of the same file; lines of `#` go on where the next one begins with `#  `.
 */
export function parseMutant(name: string, group: string, text: string): Loaded<Mutant> {
  const wrong = (expected: string, got: string): Loaded<Mutant> =>
    refuse({ subject: name, expected, got, next: "correct the file" });
  const lines = text.split("\n");
  const title = /^# ([A-Z]+\d+[a-z]?): (.+)$/.exec(lines[0] ?? "");
  if (title === null) return wrong("`# ID: title` as its first line", lines[0] ?? "nothing");
  const header = new Map<string, string>();
  const edits: Edit[] = [];
  let key = "";
  let hunk: string[] | undefined;
  let file = "";
  const finish = (): void => {
    const edit = hunk === undefined ? undefined : makeEdit(file, hunk);
    if (edit !== undefined) edits.push(edit);
    hunk = undefined;
  };
  for (const [i, line] of lines.entries()) {
    const field = /^# ([a-z-]+): (.*)$/.exec(line);
    const more = /^# {3}(\S.*)$/.exec(line);
    if (i === 0) continue;
    if (field?.[1] === "file") {
      finish();
      file = field[2]!;
      hunk = [];
    } else if (hunk === undefined && field !== null) {
      key = field[1]!;
      header.set(key, field[2]!);
    } else if (hunk === undefined && more !== null) {
      header.set(key, `${header.get(key) ?? ""} ${more[1]}`);
    } else if (line === "@@") {
      finish();
      hunk = [];
    } else if (hunk !== undefined && /^$|^[ +-]/.test(line)) {
      hunk.push(line);
    } else if (line !== "") {
      return wrong("a line of the change that begins with a blank, + or -", line);
    }
  }
  finish();
  const reenacts = header.get("re-enacts");
  const equivalent = header.get("equivalent");
  if (reenacts === undefined) return wrong("a line `# re-enacts: ...`", "none");
  if (edits.length === 0) return wrong("a change below `# file: ...`", "none");
  const noChange = edits.find(({ before, after }) => before === after);
  if (noChange !== undefined) return wrong(`a change of ${noChange.file}`, "lines of context only");
  const mutant = { id: title[1]!, title: title[2]!, reenacts, group, edits };
  return loaded(equivalent === undefined ? mutant : { ...mutant, equivalent });
}

function makeEdit(file: string, hunk: readonly string[]): Edit | undefined {
  const lines = [...hunk];
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  if (lines.length === 0) return undefined;
  const side = (drop: string): string =>
    lines.flatMap((line) => (line.startsWith(drop) ? [] : [line.slice(1)])).join("\n");
  return { file, before: side("+"), after: side("-") };
}

/** The source with all edits of that file made. Each must find its lines exactly once. */
export function applyEdits(mutant: Mutant, file: string, source: string): Loaded<string> {
  let lines = source.split("\n");
  for (const edit of mutant.edits) {
    if (edit.file !== file) continue;
    const before = edit.before.split("\n");
    const places = lines.flatMap((_, at) => (before.every((line, i) => lines[at + i] === line) ? [at] : []));
    if (places.length !== 1) {
      return refuse({
        subject: `mutant ${mutant.id}`,
        expected: `its lines exactly once in ${file}`,
        got: places.length === 0 ? "none" : `${places.length}`,
        next: `carry the change over to the present source: ${before[0]?.trim()}`,
      });
    }
    const after = edit.after === "" ? [] : edit.after.split("\n");
    lines = lines.toSpliced(places[0]!, before.length, ...after);
  }
  return loaded(lines.join("\n"));
}
