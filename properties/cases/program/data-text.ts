// What a program runs on, as text. Inputs: pairs of hex digits, and `zero 48` for a run of zeros, on as many lines as it
// takes. Maps: `array value=8 entries=4`, `hash key=4 value=8 entries=16`, `progs entries=4 0=1 2=3`, where `2=3` puts
// program 3 into slot 2; `name=counters` says what the program calls it. What a map holds at first: `map 0, 2 = aa bb
// zero 6` is the third element of the array above, `map 1, 05 00 00 00 = 2a zero 7` an element of the hash.

import type { MapElement, MapSpec } from "../../../spec/bpf/program.js";

const BYTES_A_LINE = 32;
/** Shorter runs of zeros are spelt out. */
const LEAST_RUN = 8;
/** No input is larger than the largest packet that anything here builds. */
const MOST_BYTES = 1 << 16;

/** The bytes of a text such as `aa 0b zero 14`, or what is wrong with it. */
export function readBytes(text: string): Uint8Array | string {
  const items = text.split(/\s+/).filter(Boolean);
  const bytes: number[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] ?? "";
    if (item === "zero") {
      const count = items[++i] ?? "";
      if (!/^\d{1,5}$/.test(count)) return `expected a number of bytes after zero, got "${count}"`;
      for (let n = 0; n < Number(count); n++) bytes.push(0);
    } else if (/^[0-9a-fA-F]{2}$/.test(item)) bytes.push(Number.parseInt(item, 16));
    else return `expected a byte as two hex digits or zero and a number, got "${item}"`;
  }
  if (items.length === 0) return "no bytes, expected as in aa bb zero 14 (zero 0 for none)";
  return bytes.length > MOST_BYTES ? `${bytes.length} bytes, expected at most ${MOST_BYTES}` : Uint8Array.from(bytes);
}

/** In lines of 32 items. */
export function printBytes(bytes: Uint8Array): string {
  const items: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = at;
    while (end < bytes.length && bytes[end] === 0) end++;
    if (end - at >= LEAST_RUN) {
      items.push(`zero ${end - at}`);
      at = end;
    } else items.push((bytes[at++] ?? 0).toString(16).padStart(2, "0"));
  }
  if (items.length === 0) return "zero 0";
  const lines = Array.from({ length: Math.ceil(items.length / BYTES_A_LINE) }, (_, line) =>
    items.slice(line * BYTES_A_LINE, (line + 1) * BYTES_A_LINE).join(" "),
  );
  return lines.join("\n");
}

const MAP_FIELDS = { array: ["value", "entries"], hash: ["key", "value", "entries"], progs: ["entries"] } as const;
const MOST_OF_A_MAP = 1 << 16;

/** The map of a text, or what is wrong with it. */
export function readMap(text: string): MapSpec | string {
  const [kind = "", ...items] = text.split(/\s+/);
  if (kind !== "array" && kind !== "hash" && kind !== "progs") return `expected array, hash or progs, got "${kind}"`;
  const values = new Map<string, number>();
  let title: string | undefined;
  for (const item of items) {
    const said = /^name=([\w.$]+)$/.exec(item)?.[1];
    if (said !== undefined && title === undefined) {
      title = said;
      continue;
    }
    const [, name = "", digits = ""] = /^(\w+)=(\d{1,5})$/.exec(item) ?? [];
    const isSlot = kind === "progs" && /^\d+$/.test(name);
    if (!isSlot && !MAP_FIELDS[kind].some((field) => field === name)) {
      return `expected ${MAP_FIELDS[kind].map((field) => `${field}=N`).join(", ")} of ${kind}, got "${item}"`;
    }
    if (values.has(name)) return `"${name}" comes twice`;
    values.set(name, Number(digits));
  }
  for (const field of MAP_FIELDS[kind]) {
    const value = values.get(field) ?? 0;
    if (value < 1 || value > MOST_OF_A_MAP) return `expected ${field}=N of ${kind}, with N from 1 to ${MOST_OF_A_MAP}`;
  }
  const built = build(kind, values);
  return typeof built === "string" || title === undefined ? built : { ...built, name: title };
}

/** The maps, of which one also holds the element of a text, or what is wrong with the text. */
export function readElement(text: string, maps: readonly MapSpec[]): readonly MapSpec[] | string {
  const [, number = "", before = "", after = ""] = /^map (\d{1,4}), (.*?)\s*=\s*(.*)$/.exec(text) ?? [];
  if (number === "") return `expected an element as in map 0, 2 = aa bb zero 6, got "${text}"`;
  const map = maps[Number(number)];
  if (map === undefined) return `an element of map ${number}, but ${maps.length} maps before it`;
  if (map.kind === "progArray") return `an element of map ${number}, which is progs: they are said in its own line`;
  const key = map.kind === "array" ? indexKey(before) : readBytes(before);
  if (typeof key === "string") return key;
  const value = readBytes(after);
  if (typeof value === "string") return value;
  if (key.length !== map.keyBytes) return `a key of ${key.length} bytes, expected ${map.keyBytes}`;
  if (value.length !== map.valueBytes) return `a value of ${value.length} bytes, expected ${map.valueBytes}`;
  if (map.kind === "array" && Number(before) >= map.entries) return `element ${before} of an array of ${map.entries}`;
  const contents = map.contents ?? [];
  if (map.kind === "hash" && contents.length >= map.entries) return `more elements than the ${map.entries} of the map`;
  const filled = { ...map, contents: [...contents, { key, value }] };
  return maps.map((one) => (one === map ? filled : one));
}

function indexKey(text: string): Uint8Array | string {
  if (!/^\d{1,9}$/.test(text)) return `expected an index before =, got "${text}"`;
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, Number(text), true);
  return key;
}

/** A text for each element that the maps hold at first. */
export const printElements = (maps: readonly MapSpec[]): readonly string[] =>
  maps.flatMap((map, i) =>
    map.kind === "progArray" ? [] : (map.contents ?? []).map((one) => `map ${i}, ${printElement(map.kind, one)}`),
  );

function printElement(kind: "array" | "hash", { key, value }: MapElement): string {
  const index = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
  return `${kind === "array" ? index : printBytes(key).replaceAll("\n", " ")} = ${printBytes(value)}`;
}

function build(kind: keyof typeof MAP_FIELDS, values: ReadonlyMap<string, number>): MapSpec | string {
  const of = (name: string): number => values.get(name) ?? 0;
  const entries = of("entries");
  if (kind === "array") return { kind, keyBytes: 4, valueBytes: of("value"), entries };
  if (kind === "hash") return { kind, keyBytes: of("key"), valueBytes: of("value"), entries };
  const outside = [...values.keys()].find((name) => name !== "entries" && Number(name) >= entries);
  if (outside !== undefined) return `slot ${outside} of progs with entries=${entries}`;
  const programs = Array.from({ length: entries }, (_, slot) => values.get(`${slot}`));
  return { kind: "progArray", entries, programs };
}

export const printMap = (map: MapSpec): string =>
  `${printShape(map)}${map.name === undefined ? "" : ` name=${map.name}`}`;

function printShape(map: MapSpec): string {
  switch (map.kind) {
    case "array":
      return `array value=${map.valueBytes} entries=${map.entries}`;
    case "hash":
      return `hash key=${map.keyBytes} value=${map.valueBytes} entries=${map.entries}`;
    case "progArray": {
      const slots = map.programs.flatMap((program, slot) => (program === undefined ? [] : [` ${slot}=${program}`]));
      return `progs entries=${map.entries}${slots.join("")}`;
    }
    default:
      return map satisfies never;
  }
}
