// A history as text, for people to read and for files that are replayed: below the head an action a line, and below the load
// of a generated program its text, indented. Bytes are told for the reader and not read back.
//
//   # title: a load that is not published gives back its charge
//   # oracle: fallback-is-clean
//   # expect: pass
//   # profile: fixed
//
//   load #0 (r0 = 1 .., 2 insns, 128 B); copy 1 fails
//   free #0 (128 B)

import { type Read, textError } from "../../../spec/bpf/text/token.js";
import {
  type Action,
  type CaseProgram,
  DEFAULT_OPTIONS,
  type History,
  type HistoryOptions,
  isCaseProgram,
  type ProgramSpec,
} from "../../../subjects/action.js";
import { defaultSubject } from "../../../subjects/index.js";
import { trampolineBytes } from "../../../subjects/session/attachments.js";
import { prepared } from "../../../subjects/session/prepared.js";
import { undefinedInHistory } from "../../../subjects/session/unknown-frame.js";
import { isProfile, QUIRKS, type QuirkId } from "../../../subjects/subject.js";
import { ORACLES } from "../../oracles/index.js";
import { bodyOf, type Field, fieldsOf, type Head, printHead, type ReadCase, readHead, readNumber } from "../header.js";
import { parseCase, printCase } from "../program/text.js";
import { parseAction, parseCaseLoad, printAction } from "./action-text.js";

/** No history that is worth replaying is longer. */
const MOST_ACTIONS = 10_000;

/** What the head says beside `Head`. */
interface Surroundings extends HistoryOptions {
  readonly breach: boolean;
}
const DEFAULTS: Surroundings = { ...DEFAULT_OPTIONS, breach: false };
const { value, word, flag } = fieldsOf(DEFAULTS);
const FIELDS: readonly Field<Surroundings>[] = [
  {
    ...word("expect", "breach", { pass: false, breach: true }),
    print: ({ breach }) => [breach ? "breach" : "pass"],
  },
  {
    key: "profile",
    read: (text, into) => (isProfile(text) ? { ...into, profile: text } : `no profile is called "${text}"`),
    print: ({ profile }) => [profile],
  },
  {
    key: "quirk",
    many: true,
    read: (text, into) =>
      QUIRKS.some(({ id }) => id === text)
        ? { ...into, except: [...into.except, text as QuirkId] }
        : `no quirk is called "${text}"`,
    print: ({ except }) => except,
  },
  word("images", "images", { packs: "packs", pages: "pages" }),
  bytes("pack", "packBytes", (n) => n > 0 && n % 2048 === 0, "a multiple of 2048 B"),
  bytes("page", "pageBytes", (n) => [4096, 16384, 65536].includes(n), "4096 B, 16384 B or 65536 B"),
  value("cpus", "cpus", (text) => readNumber(text, (n) => n >= 2 && n <= 16, "2 to 16 CPUs")),
  flag("apart", "packsBeyondBranchRange", '"yes" or "no"'),
  bytes("limit", "limit", (n) => n >= 0, "bytes"),
];

function bytes(
  key: string,
  property: "packBytes" | "pageBytes" | "limit",
  isRight: (n: number) => boolean,
  expected: string,
): Field<Surroundings> {
  const read = (text: string): number | string => readNumber(text, isRight, expected, " B");
  return value(key, property, read as (text: string) => never, (n) => `${n} B`);
}

export function printHistory({ options, actions }: History, head: Head = {}): string {
  const said = printHead({ ...head, oracle: written(head.oracle) }, FIELDS, {
    ...options,
    breach: head.breach ?? false,
  });
  return [said, ...printActions(actions, options), ""].join("\n");
}

/** A file names no oracle that is none of a history: who finds that a worker is gone, for instance. */
const written = (oracle: string | undefined): string | undefined => ORACLES.find(({ name }) => name === oracle)?.name;

/** What makes it this history: as it was printed before the head was that of all kinds. */
export function historyIdentity({ options, actions }: History, { oracle: objects, breach = false }: Head): string {
  const oracle = written(objects);
  const said = FIELDS.flatMap(({ key, print }) => print({ ...options, breach }).map((text) => [key, text]));
  const all = [["title", ""], ...(oracle === undefined ? [] : [["oracle", oracle]]), ...said];
  const head = all.map(([key, text]) => `${`${key}:`.padEnd(9)}${text}`);
  return [...head, "", ...printActions(actions, options), ""].join("\n");
}

/** The text of each: a line, and for a generated program the lines below it. */
export function printActions(actions: readonly Action[], options: HistoryOptions): readonly string[] {
  const sizes = new Map<number, number>();
  return actions.map((action) => {
    if (action.kind === "load") sizes.set(action.id, roomOf(action.program, options));
    const attached = action.kind === "attach" ? trampolineBytes(action.programs) : undefined;
    const line = printAction(action, attached ?? ("id" in action ? sizes.get(action.id) : undefined));
    const hasBlock = action.kind === "load" && isCaseProgram(action.program);
    return hasBlock ? [line, ...printBlock(action.program as CaseProgram)].join("\n") : line;
  });
}

const CHUNK_BYTES = 64;
const HEADER_AND_SPARE_BYTES = { packs: 24, pages: 136 } as const;

/** How many bytes of text a program takes. */
function roomOf(program: ProgramSpec | CaseProgram, { images, pageBytes }: HistoryOptions): number {
  const unit = images === "packs" ? CHUNK_BYTES : pageBytes;
  const { imageBytes = [] } = prepared(defaultSubject, program);
  return imageBytes.reduce((sum, image) => sum + Math.ceil((image + HEADER_AND_SPARE_BYTES[images]) / unit) * unit, 0);
}

export function parseHistory(text: string): ReadCase<History> {
  const lines = withHashes(text.split(/\r?\n/));
  if (!lines.ok) return lines;
  const read = readHead(lines.value, FIELDS, DEFAULTS);
  if (!read.ok) return read;
  const { head, lines: from, at } = read.value;
  if (head.oracle !== undefined && !ORACLES.some(({ name }) => name === head.oracle)) {
    return textError(at.get("oracle")![0]!, `no oracle is called "${head.oracle}"`);
  }
  const { breach, ...options } = read.value.value;
  const actions = readActions(lines.value, from);
  return actions.ok ? { ok: true, value: { options, actions: actions.value }, head: { ...head, breach } } : actions;
}

/** The text with a head as all kinds have it, should it have one of before: comments in there become notes. */
export function withTodaysHead(text: string): string {
  const lines = withHashes(text.split(/\r?\n/));
  return lines.ok ? lines.value.join("\n") : text;
}

const BARE = /^\s*([a-z]+):\s*/;
function withHashes(lines: readonly string[]): Read<readonly string[]> {
  const end = lines.findIndex((line) => !/^\s*(#.*|[a-z]+:.*)?$/.test(line));
  const head = end < 0 ? lines : lines.slice(0, end);
  const bare = head.findIndex((line) => BARE.test(line));
  if (bare < 0) return { ok: true, value: lines };
  if (head.some((line) => /^\s*#\s*(title|oracle|expect|profile):/.test(line))) {
    return textError(bare + 1, `expected "# ${lines[bare]!.trim()}"`);
  }
  const hashed = head.map((line) => {
    // Who had no title said so.
    if (/^\s*title:\s*$/.test(line)) return "#";
    return line.replace(/^\s*#\s*/, "# note: ").replace(BARE, "# $1: ");
  });
  return { ok: true, value: [...hashed, ...lines.slice(head.length)] };
}

/** The actions from line `from` (0-based) on. */
function readActions(lines: readonly string[], from: number): Read<readonly Action[]> {
  const actions: Action[] = [];
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === "" || line.startsWith("# ")) continue;
    const key = BARE.exec(line)?.[1];
    if (key !== undefined) return textError(i + 1, `"${key}:" below the first action`);
    if (actions.length >= MOST_ACTIONS) return textError(i + 1, `more than ${MOST_ACTIONS} actions`);
    const load = parseCaseLoad(line);
    if (typeof load === "object") {
      const end = blockEnd(lines, i + 1);
      const block = readBlock(lines, i + 1, end);
      if (!block.ok) return block;
      actions.push({ ...load, program: block.value });
      i = end - 1;
      continue;
    }
    const action = load ?? parseAction(line);
    if (typeof action === "string") return textError(i + 1, action);
    actions.push(action);
  }
  return actions.length > 0 ? { ok: true, value: actions } : textError(1, "no actions");
}

const INDENT = "  ";

const printBlock = (program: CaseProgram): readonly string[] =>
  printCase(program.case)
    .trim()
    .split("\n")
    .map((line) => (line === "" ? "" : `${INDENT}${line}`));

/** How many of the lines from `from` on belong to a block: those that are indented, and empty ones between them. */
function blockEnd(lines: readonly string[], from: number): number {
  let end = from;
  for (let at = from; at < lines.length && (lines[at] === "" || /^\s/.test(lines[at]!)); at++) {
    if (lines[at]!.trim() !== "") end = at + 1;
  }
  return end;
}

/** The program of the lines from `from` to before `end`. */
function readBlock(lines: readonly string[], from: number, end: number): Read<CaseProgram> {
  if (from === end) return textError(from, "expected the program, indented");
  const unindented = bodyOf(lines, from, end).split("\n");
  const parsed = parseCase(unindented.map((line) => line.trim()).join("\n"));
  if (!parsed.ok) return parsed;
  const { program, inputs, env } = parsed.value;
  if (inputs.length !== 1) return textError(from + 1, `${inputs.length} inputs, expected one`);
  if (env.hole !== 0 || env.blind === true || env.guard === true || (env.skip ?? 0) !== 0) {
    return textError(from + 1, "hole, blind, guard and skip are for programs of their own");
  }
  const value = { case: { program, inputs, env: { cpu: env.cpu, hole: 0 } } };
  try {
    prepared(defaultSubject, value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return textError(from + 1, error.message);
  }
  const problem = undefinedInHistory(value.case);
  return problem === undefined ? { ok: true, value } : textError(from + 1, problem);
}
