// The header of a case file: lines `# key: value`, each key with its reader and its printer. An unknown key is refused,
// since a misspelt one would silently change the case; comment lines without a key are allowed and not kept.

import { hex64, u64 } from "../../../spec/bits.js";
import type { ContextKind, MapSpec } from "../../../spec/bpf/program.js";
import { type Read, signedNumber, textError } from "../../../spec/bpf/text/token.js";
import type { CaseEnv } from "../../../subjects/case.js";
import { printBytes, readBytes } from "./bytes-text.js";
import { printMap, readMap } from "./map-text.js";

export interface Header {
  /** Says which case it is, by content; a file of the corpus has one, so that an edit is noticed. */
  readonly id: string | undefined;
  /** What the case shows, as a sentence without a full stop. A program of the moment needs none, a lesson does. */
  readonly title: string | undefined;
  /** The oracle that it is for; all of them, if undefined. */
  readonly oracle: string | undefined;
  /** r0 of each run, or one value for all runs, or nothing. */
  readonly expect: readonly bigint[];
  /** Lines that are kept as they are: where the case comes from. */
  readonly notes: readonly { readonly key: NoteKey; readonly text: string }[];
  readonly maps: readonly MapSpec[];
  readonly context: ContextKind;
  readonly inputs: readonly Uint8Array[];
  readonly env: CaseEnv;
}
const NOTES = ["found", "provenance", "quirk", "note"] as const;
export type NoteKey = (typeof NOTES)[number];
const KEYS = [
  "id",
  "title",
  "oracle",
  "expect",
  ...NOTES,
  "context",
  "cpu",
  "hole",
  "blind",
  "guard",
  "skip",
  "map",
  "input",
] as const;
type Key = (typeof KEYS)[number];
/** Keys of which there may be several. */
const REPEATED: ReadonlySet<Key> = new Set<Key>(["expect", ...NOTES, "map", "input"]);

const DEFAULT_INPUT_BYTES = 64;
const MOST_HOLE_BYTES = 48;
/** Two pages. */
const MOST_SKIPPED_CHUNKS = 128;

interface Field {
  readonly key: Key;
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** A header with the number of lines that it takes and the line of each map, for messages. */
export interface ReadHeader extends Header {
  readonly lines: number;
  readonly mapLines: readonly number[];
}

/** Read the header at the beginning of a file, up to the first line that is neither empty nor a comment. */
export function readHeader(lines: readonly string[]): Read<ReadHeader> {
  const end = lines.findIndex((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
  const count = end < 0 ? lines.length : end;
  const fields = readFields(lines.slice(0, count));
  if (!fields.ok) return fields;
  const draft: Draft = {
    expect: [],
    notes: [],
    maps: [],
    inputs: [],
    cpu: "lse",
    hole: 0,
    blind: false,
    guard: false,
    context: "memory",
  };
  for (const field of fields.value) {
    const wrong = readField(field, draft);
    if (wrong !== undefined) return textError(field.line, wrong);
  }
  const { id, title, oracle, expect, notes, maps, context, cpu, hole, blind, guard, skip } = draft;
  const inputs = draft.inputs.length > 0 ? draft.inputs : [new Uint8Array(DEFAULT_INPUT_BYTES)];
  if (expect.length > 1 && expect.length !== inputs.length) {
    const line = fields.value.find(({ key }) => key === "expect")?.line ?? 1;
    return textError(line, `${expect.length} expect lines for ${inputs.length} inputs, expected one or one each`);
  }
  const mapLines = fields.value.filter(({ key }) => key === "map").map(({ line }) => line);
  const env = {
    cpu,
    hole,
    ...(blind ? { blind } : {}),
    ...(guard ? { guard } : {}),
    ...(skip === undefined ? {} : { skip }),
  };
  return { ok: true, value: { id, title, oracle, expect, notes, maps, context, inputs, env, lines: count, mapLines } };
}

/** The header's text, every line ended by a newline. What equals a default is left out. */
export function printHeader({ id, title, oracle, expect, notes, maps, context, inputs, env }: Header): string {
  const lines: [Key, string][] = title === undefined ? [] : [["title", oneLine(title)]];
  if (oracle !== undefined) lines.push(["oracle", oneLine(oracle)]);
  if (id !== undefined) lines.push(["id", id]);
  for (const r0 of expect) lines.push(["expect", `r0 = ${hex64(r0)}`]);
  for (const { key, text } of notes) lines.push([key, oneLine(text)]);
  if (context !== "memory") lines.push(["context", context]);
  if (env.cpu !== "lse") lines.push(["cpu", env.cpu]);
  if (env.hole !== 0) lines.push(["hole", `${env.hole}`]);
  if (env.blind === true) lines.push(["blind", "yes"]);
  if (env.guard === true) lines.push(["guard", "yes"]);
  if (env.skip !== undefined && env.skip !== 0) lines.push(["skip", `${env.skip}`]);
  for (const map of maps) lines.push(["map", printMap(map)]);
  if (inputs.length !== 1 || !isDefaultInput(inputs[0])) {
    for (const input of inputs) lines.push(["input", printBytes(input, "\n#        ")]);
  }
  return lines.map(([key, text]) => `# ${key}: ${text}\n`).join("");
}

/** Titles and notes may come from messages; in the file they are one line. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

const isDefaultInput = (input: Uint8Array | undefined): boolean =>
  input?.length === DEFAULT_INPUT_BYTES && input.every((byte) => byte === 0);

function readFields(lines: readonly string[]): Read<readonly Field[]> {
  const fields: Field[] = [];
  for (const [index, line] of lines.entries()) {
    const [, name, text] = /^\s*#\s*([a-z]+):(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    const more = /^\s*#\s{4,}(\S.*?)\s*$/.exec(line)?.[1];
    const last = fields.at(-1);
    if (name !== undefined) {
      const key = KEYS.find((known) => known === name);
      if (key === undefined) return textError(index + 1, `unknown key "${name}", expected ${KEYS.join(", ")}`);
      if (!REPEATED.has(key) && fields.some((field) => field.key === key)) {
        return textError(index + 1, `"${key}" comes twice`);
      }
      fields.push({ key, text: text ?? "", line: index + 1 });
    } else if (more !== undefined && last?.key === "input") {
      fields[fields.length - 1] = { ...last, text: `${last.text} ${more}` };
    }
  }
  return { ok: true, value: fields };
}

interface Draft {
  id?: string;
  title?: string;
  oracle?: string;
  readonly expect: bigint[];
  readonly notes: { readonly key: NoteKey; readonly text: string }[];
  readonly maps: MapSpec[];
  readonly inputs: Uint8Array[];
  context: ContextKind;
  cpu: CaseEnv["cpu"];
  hole: number;
  blind: boolean;
  guard: boolean;
  skip?: number;
}

/** Take over one field, or say what is wrong with it. */
function readField({ key, text }: Field, draft: Draft): string | undefined {
  switch (key) {
    case "id":
      if (!/^[0-9a-f]{12}$/.test(text)) return `expected an id of 12 hex digits, got "${text}"`;
      draft.id = text;
      return undefined;
    case "title":
    case "oracle":
      if (text === "") return `"${key}" is empty`;
      draft[key] = text;
      return undefined;
    case "expect": {
      const [, sign, digits] = /^r0\s*=\s*(-?)(\w+)$/.exec(text) ?? [];
      const r0 = digits === undefined ? undefined : signedNumber(digits, sign === "-", 64);
      if (r0 === undefined) return `expected r0 = a 64-bit number, got "${text}"`;
      draft.expect.push(u64(r0));
      return undefined;
    }
    case "found":
    case "provenance":
    case "quirk":
    case "note":
      draft.notes.push({ key, text });
      return undefined;
    case "context":
      if (text !== "memory" && text !== "xdp") return `expected memory or xdp, got "${text}"`;
      draft.context = text;
      return undefined;
    case "cpu":
      if (text !== "lse" && text !== "ll-sc") return `expected lse or ll-sc, got "${text}"`;
      draft.cpu = text;
      return undefined;
    case "hole":
      if (!/^\d+$/.test(text) || Number(text) > MOST_HOLE_BYTES || Number(text) % 8 !== 0) {
        return `expected a hole of 0, 8 .. ${MOST_HOLE_BYTES} bytes, got "${text}"`;
      }
      draft.hole = Number(text);
      return undefined;
    case "blind":
    case "guard":
      if (text !== "yes" && text !== "no") return `expected yes or no, got "${text}"`;
      draft[key] = text === "yes";
      return undefined;
    case "skip":
      if (!/^\d{1,3}$/.test(text) || Number(text) > MOST_SKIPPED_CHUNKS) {
        return `expected to skip 0 .. ${MOST_SKIPPED_CHUNKS} chunks, got "${text}"`;
      }
      draft.skip = Number(text);
      return undefined;
    case "map": {
      const map = readMap(text);
      if (typeof map === "string") return map;
      draft.maps.push(map);
      return undefined;
    }
    case "input": {
      const bytes = readBytes(text);
      if (typeof bytes === "string") return bytes;
      draft.inputs.push(bytes);
      return undefined;
    }
    default:
      return key satisfies never;
  }
}
