// The head of a lesson's file: lines `# key: value`, up to the first line that is neither empty nor a comment. What a
// lesson says about itself is the same whatever kind of case follows; each kind adds keys of its own.

import { type Read, textError } from "../../spec/bpf/text/token.js";

/** What a file says about its case. */
export interface Lesson {
  /** A sentence without a full stop. */
  readonly title: string | undefined;
  /** Who would object. */
  readonly oracle: string | undefined;
  /** Of the content, so that an edit is noticed. */
  readonly id: string | undefined;
  /** Lines for the reader, kept as they are. */
  readonly notes: readonly string[];
}

export interface Field {
  readonly key: string;
  readonly text: string;
  /** From 1. */
  readonly line: number;
}
export interface LessonHead {
  readonly lesson: Lesson;
  /** Those of the kind, in order; each key at most once. */
  readonly fields: readonly Field[];
  /** How many lines the head takes. */
  readonly lines: number;
}

/** Read the head. An unknown key is refused, since a misspelt one would silently change the case. */
export function readLesson(lines: readonly string[], keys: readonly string[]): Read<LessonHead> {
  const end = lines.findIndex((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
  const count = end < 0 ? lines.length : end;
  const own: Partial<Record<"title" | "oracle" | "id", string>> = {};
  const notes: string[] = [];
  const fields: Field[] = [];
  const seen = new Set<string>();
  for (const [index, whole] of lines.slice(0, count).entries()) {
    const [, key, text = ""] = /^\s*#\s*([a-z]\w*):(?:\s+(.*?))?\s*$/.exec(whole) ?? [];
    if (key === undefined) continue;
    const line = index + 1;
    if (text === "") return textError(line, `"${key}" is empty`);
    if (key === "note") {
      notes.push(text);
      continue;
    }
    if (seen.has(key)) return textError(line, `"${key}" comes twice`);
    seen.add(key);
    if (key === "title" || key === "oracle" || key === "id") own[key] = text;
    else if (keys.includes(key)) fields.push({ key, text, line });
    else return textError(line, `unknown key "${key}", expected title, oracle, id, note, ${keys.join(", ")}`);
    if (key === "id" && !/^[0-9a-f]{12}$/.test(text)) return textError(line, `expected 12 hex digits, got "${text}"`);
  }
  const lesson = { title: own.title, oracle: own.oracle, id: own.id, notes };
  return { ok: true, value: { lesson, fields, lines: count } };
}

/** The head's text, every line ended by a newline. `undefined` leaves a key out. */
export function printLesson(
  lesson: Lesson,
  fields: readonly (readonly [key: string, text: string | undefined])[],
): string {
  const { title, oracle, id, notes } = lesson;
  const all = [["title", title], ["oracle", oracle], ["id", id], ...notes.map((note) => ["note", note]), ...fields];
  return all.flatMap(([key, text]) => (text === undefined ? [] : [`# ${key}: ${oneLine(text)}\n`])).join("");
}

/** Titles and notes may come from messages; in the file they are one line. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** `yes` or `no`; otherwise what is wrong. */
export function readYesNo({ key, text, line }: Field): Read<boolean> {
  if (text === "yes" || text === "no") return { ok: true, value: text === "yes" };
  return textError(line, `expected ${key}: yes or no, got "${text}"`);
}
