// The head of a case file, the same for all kinds: lines `# key: text` up to the first line that is neither empty nor a
// comment. First what the file says about its case, then keys of its kind, each of them a row of a table that reads and
// prints it. An unknown key is refused, since a misspelt one would silently change the case; comments without a key are
// allowed and not kept.

import { type U64, u64 } from "../../spec/bits.js";
import { type Read, signedNumber, type TextError, textError } from "../../spec/bpf/text/token.js";

/** What a file says about its case. */
export interface Head {
  /** What the case shows: a sentence without a full stop. */
  readonly title?: string | undefined;
  /** Who would object. */
  readonly oracle?: string | undefined;
  /** Of the content, so that an edit is noticed. */
  readonly id?: string | undefined;
  /** r0 of each run, or one value for all of them, or nothing. */
  readonly expect?: readonly bigint[];
  /** The oracle must object: the case shows a defect that its own options switch on. */
  readonly breach?: boolean;
  /** Where the case comes from, kept as it is. */
  readonly notes?: readonly Note[];
}
const NOTES = ["found", "provenance", "quirk", "note"] as const;
interface Note {
  readonly key: (typeof NOTES)[number];
  readonly text: string;
}

export const found = (text: string): Note => ({ key: "found", text });

/** A case read from its text, or what is wrong with the text: one line, with the number of a line of it. */
export type ReadCase<C> =
  | { readonly ok: true; readonly value: C; readonly head: Head }
  | { readonly ok: false; readonly error: TextError };

interface Key {
  readonly key: string;
  /** There may be several lines of it. */
  readonly many?: boolean;
  /** A line may go on in comments that are indented. */
  readonly continues?: boolean;
}
/** A key of a kind. `T`: all that its keys say. */
export interface Field<T> extends Key {
  /** With a line taken over, or what is wrong with it. */
  read(text: string, into: T): T | string;
  /** The text of each line; none for what is left out. */
  print(from: T): readonly string[];
}

/** The usual sorts of fields. What equals a default is not printed. */
export function fieldsOf<T extends object>(defaults: T) {
  type Print<P extends keyof T> = (value: NonNullable<T[P]>) => string;
  const value = <P extends keyof T>(
    key: string,
    property: P,
    read: (text: string) => T[P] | string,
    print: Print<P> = String,
  ): Field<T> => ({
    key,
    read(text, into) {
      const taken = read(text);
      return typeof taken === "string" ? taken : { ...into, [property]: taken };
    },
    print({ [property]: taken }) {
      return taken === undefined || taken === defaults[property] ? [] : [print(taken!)];
    },
  });
  /** One of a few words, each of which stands for a value. */
  const word = <P extends keyof T>(
    key: string,
    property: P,
    values: Readonly<Record<string, T[P]>>,
    expected = Object.keys(values).join(" or "),
  ): Field<T> => ({
    key,
    read: (text, into) =>
      Object.hasOwn(values, text) ? { ...into, [property]: values[text] } : `expected ${expected}, got "${text}"`,
    print: (from) =>
      from[property] === defaults[property] ? [] : Object.keys(values).filter((one) => values[one] === from[property]),
  });
  const flag = (key: string, property: keyof T, expected = "yes or no"): Field<T> =>
    word(key, property, { no: false, yes: true } as never, expected);
  type Item<P extends keyof T> = T[P] extends readonly (infer I)[] ? I : never;
  /** Any number of lines, each with an item. */
  const list = <P extends keyof T>(
    key: string,
    property: P,
    read: (text: string) => Item<P> | string,
    print: (item: Item<P>) => string,
  ): Field<T> => ({
    key,
    many: true,
    read(text, into) {
      const item = read(text);
      const items = into[property] as readonly unknown[];
      return typeof item === "string" ? item : { ...into, [property]: [...items, item] };
    },
    print: (from) => (from[property] as readonly Item<P>[]).map(print),
  });
  return { value, word, flag, list };
}

/** A decimal number of at most nine digits, behind it a unit, or what was expected. `isRight` must not take NaN. */
export function readNumber(
  text: string,
  isRight: (n: number) => boolean,
  expected: string,
  unit = "",
): number | string {
  const digits = text.endsWith(unit) ? text.slice(0, text.length - unit.length) : text;
  const n = /^\d{1,9}$/.test(digits) ? Number(digits) : Number.NaN;
  return isRight(n) ? n : `expected ${expected}, got "${text}"`;
}

/** 64-bit words: small ones in decimal, the rest in hexadecimal. */
export const printWord = (value: bigint): string => (value < 1000n ? `${value}` : `0x${value.toString(16)}`);

/** Also a negative one. Undefined if it is none. */
export function readWord(text: string): U64 | undefined {
  const value = signedNumber(text.replace(/^-/, ""), text.startsWith("-"), 64);
  return value === undefined ? undefined : u64(value);
}

interface ReadHead<T> {
  readonly head: Head;
  readonly value: T;
  /** How many lines the head takes. */
  readonly lines: number;
  /** Where each key stands; lines count from 1. */
  readonly at: ReadonlyMap<string, readonly number[]>;
}

/** Read the head at the beginning of a file. @param start what is so where no line says anything else */
export function readHead<T extends object>(
  lines: readonly string[],
  fields: readonly Field<T>[],
  start: T,
): Read<ReadHead<T>> {
  const end = lines.findIndex((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
  const count = end < 0 ? lines.length : end;
  const known = keysOf(fields);
  const at = new Map<string, number[]>();
  const notes: Note[] = [];
  let head: Head = {};
  let value = start;
  for (const { key, text, line } of linesOf(lines.slice(0, count), fields)) {
    const field = fields.find((one) => one.key === key);
    const note = NOTES.find((one) => one === key);
    const before = at.get(key) ?? [];
    if (!known.includes(key)) return textError(line, `unknown key "${key}", expected ${known.join(", ")}`);
    if (before.length > 0 && field?.many !== true && (field !== undefined || note === undefined)) {
      return textError(line, `"${key}" comes twice`);
    }
    at.set(key, [...before, line]);
    if (field !== undefined) {
      const read = field.read(text, value);
      if (typeof read === "string") return textError(line, read);
      value = read;
    } else if (note !== undefined) notes.push({ key: note, text });
    else if (text === "") return textError(line, `"${key}" is empty`);
    else if (key === "id" && !/^[0-9a-f]{12}$/.test(text)) {
      return textError(line, `expected 12 hex digits, got "${text}"`);
    } else head = { ...head, [key]: oneLine(text) };
  }
  return { ok: true, value: { head: { ...head, notes }, value, lines: count, at } };
}

/** The head's text, every line ended by a newline. */
export function printHead<T>({ title, oracle, id, notes = [] }: Head, fields: readonly Field<T>[], value: T): string {
  const own = fields.flatMap(({ key, print }) => print(value).map((text) => ({ key, text })));
  const said = [
    ...Object.entries({ title, oracle, id }).flatMap(([key, text = ""]) =>
      text.trim() ? [{ key, text: oneLine(text) }] : [],
    ),
    ...own.filter(({ key }) => key === EXPECT),
    // A kind may have given the name of a note another meaning.
    ...notes.map(({ key, text }) => ({
      key: fields.some((field) => field.key === key) ? "note" : key,
      text: oneLine(text),
    })),
    ...own.filter(({ key }) => key !== EXPECT),
  ];
  return said.map(({ key, text }) => `# ${key}: ${text.replaceAll("\n", GOES_ON)}\n`).join("");
}

/** The text of a case that was printed without a title: it stands first. */
export const titled = (title: string, text: string): string => `# title: ${oneLine(title)}\n${text}`;

/** The lines from `from` to before `to`, behind as many empty ones, so that a parser counts lines of the file. */
export const bodyOf = (lines: readonly string[], from: number, to = lines.length): string =>
  "\n".repeat(from) + lines.slice(from, to).join("\n");

/** What must come out stands before the notes, whatever a kind says there. */
const EXPECT = "expect";
const GOES_ON = "\n#        ";

const keysOf = (fields: readonly Key[]): readonly string[] => {
  const own = fields.map(({ key }) => key);
  const all = ["id", "title", "oracle", ...own.filter((key) => key === EXPECT), ...NOTES, ...own];
  return [...new Set(all)];
};

/** Titles and notes may come from messages; in the file they are one line. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

interface Line {
  readonly key: string;
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

function linesOf(lines: readonly string[], keys: readonly Key[]): readonly Line[] {
  const found: Line[] = [];
  for (const [index, line] of lines.entries()) {
    const [, key, text = ""] = /^\s*#\s*([a-z]\w*):(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    const more = /^\s*#\s{4,}(\S.*?)\s*$/.exec(line)?.[1];
    const last = found.at(-1);
    if (key !== undefined) found.push({ key, text, line: index + 1 });
    else if (more !== undefined && keys.some((one) => one.key === last?.key && one.continues)) {
      found[found.length - 1] = { ...last!, text: `${last!.text} ${more}` };
    }
  }
  return found;
}
