// What a program runs on, as text. Inputs: pairs of hex digits, and `zero 48` for a run of zeros, on as many lines as it
// takes. Maps: `array value=8 entries=4`, `hash key=4 value=8 entries=16`, `progs entries=4 0=1 2=3`, where `2=3` puts
// program 3 into slot 2, `insns program=0 entries=2 0=7 1=9` with the addresses of slots 7 and 9 of program 0, and others (see `MAP_FIELDS`); `name=counters` says what the program calls it. What a map holds at first: `map 0, 2 = aa bb
// zero 6` is the third element of the array above, `map 1, 05 00 00 00 = 2a zero 7` an element of the hash.

import { type DataMap, isDataMap, type MapElement, type MapOfMaps, type MapSpec } from "../../../spec/bpf/program.js";

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

/** What the line of a map says, by its first word. `map` is all of it but what follows from the slots. */
const MAP_FIELDS = {
  array: ["value", "entries"],
  hash: ["key", "value", "entries"],
  lpm: ["key", "value", "entries"],
  devmap: ["value", "entries"],
  devmap_hash: ["value", "entries"],
  cpumap: ["value", "entries"],
  xskmap: ["value", "entries"],
  progs: ["entries"],
  maps: ["entries"],
  "hash-of-maps": ["key", "entries"],
  perf: ["entries"],
  ringbuf: ["entries"],
  stacks: ["value", "entries"],
  insns: ["program", "entries"],
} as const;
type MapWord = keyof typeof MAP_FIELDS;
const MAP_WORDS = Object.keys(MAP_FIELDS) as readonly MapWord[];
/** Those whose slots are said in their own line. */
const HAS_SLOTS: ReadonlySet<MapWord> = new Set(["progs", "maps", "insns"]);
const MOST_OF_A_MAP = 1 << 16;
/** Of eight bytes each they fill the largest map. */
const MOST_ELEMENTS = 1 << 22;
/** Values, rings and what holds many: as large as an object file may ask for. */
const MOST_BYTES_OF_A_MAP = 32 << 20;

const listed = (words: readonly string[]): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** The map of a text, or what is wrong with it. */
export function readMap(text: string): MapSpec | string {
  const [word = "", ...items] = text.split(/\s+/);
  const kind = MAP_WORDS.find((one) => one === word);
  if (kind === undefined) return `expected ${listed(MAP_WORDS)}, got "${word}"`;
  const values = new Map<string, number>();
  let title: string | undefined;
  for (const item of items) {
    const said = /^name=([\w.$]+)$/.exec(item)?.[1];
    if (said !== undefined && title === undefined) {
      title = said;
      continue;
    }
    const [, name = "", digits = ""] = /^(\w+)=(\d{1,8})$/.exec(item) ?? [];
    const isSlot = HAS_SLOTS.has(kind) && /^\d+$/.test(name);
    if (!isSlot && !MAP_FIELDS[kind].some((field) => field === name)) {
      return `expected ${MAP_FIELDS[kind].map((field) => `${field}=N`).join(", ")} of ${kind}, got "${item}"`;
    }
    if (values.has(name)) return `"${name}" comes twice`;
    values.set(name, Number(digits));
  }
  for (const field of MAP_FIELDS[kind]) {
    const value = values.get(field) ?? 0;
    const isElements = field === "entries" && MAP_FIELDS[kind].some((one) => one === "value");
    if (field === "program") continue;
    const most =
      field === "value" || kind === "ringbuf" ? MOST_BYTES_OF_A_MAP : isElements ? MOST_ELEMENTS : MOST_OF_A_MAP;
    if (value < 1 || value > most) return `expected ${field}=N of ${kind}, with N from 1 to ${most}`;
  }
  const built = build(kind, values);
  if (typeof built === "string") return built;
  const bytes = isDataMap(built) ? built.entries * built.valueBytes : 0;
  if (bytes > MOST_BYTES_OF_A_MAP) return `${bytes} bytes of values, expected at most ${MOST_BYTES_OF_A_MAP}`;
  return title === undefined ? built : { ...built, name: title };
}

/** The maps, of which one also holds the element of a text, or what is wrong with the text. */
export function readElement(text: string, maps: readonly MapSpec[]): readonly MapSpec[] | string {
  const [, number = "", before = "", after = ""] = /^map (\d{1,4}), (.*?)\s*=\s*(.*)$/.exec(text) ?? [];
  if (number === "") return `expected an element as in map 0, 2 = aa bb zero 6, got "${text}"`;
  const map = maps[Number(number)];
  if (map === undefined) return `an element of map ${number}, but ${maps.length} maps before it`;
  if (map.kind === "mapOfMaps" && map.outer === "hash") return readInner(map, before, after, maps);
  if (!isDataMap(map)) return `an element of map ${number}, which is ${wordOf(map)}: what it holds is not said so`;
  const key = hasIndexes(map) ? indexKey(before) : readBytes(before);
  if (typeof key === "string") return key;
  const value = readBytes(after);
  if (typeof value === "string") return value;
  if (key.length !== map.keyBytes) return `a key of ${key.length} bytes, expected ${map.keyBytes}`;
  if (value.length !== map.valueBytes) return `a value of ${value.length} bytes, expected ${map.valueBytes}`;
  if (map.kind === "array" && Number(before) >= map.entries) return `element ${before} of an array of ${map.entries}`;
  const contents = map.contents ?? [];
  if (map.kind !== "array" && contents.length >= map.entries) return `more elements than the ${map.entries} of the map`;
  const filled = { ...map, contents: [...contents, { key, value }] };
  return maps.map((one) => (one === map ? filled : one));
}

function indexKey(text: string): Uint8Array | string {
  if (!/^\d{1,9}$/.test(text)) return `expected an index before =, got "${text}"`;
  return keyOf(Number(text));
}

function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, index, true);
  return key;
}

/** An element of a hash of maps: a key, and which map it stands for. */
function readInner(
  map: MapOfMaps,
  before: string,
  after: string,
  maps: readonly MapSpec[],
): readonly MapSpec[] | string {
  const key = readBytes(before);
  if (typeof key === "string") return key;
  if (key.length !== map.keyBytes) return `a key of ${key.length} bytes, expected ${map.keyBytes}`;
  const [, number = ""] = /^map (\d{1,4})$/.exec(after) ?? [];
  if (number === "") return `expected a map after =, as in map 0, 02 00 = map 1, got "${after}"`;
  if (map.inner.length >= map.entries) return `more elements than the ${map.entries} of the map`;
  const filled = { ...map, inner: [...map.inner, { key, map: Number(number) }] };
  return maps.map((one) => (one === map ? filled : one));
}

const hasIndexes = ({ kind }: DataMap): boolean => kind === "array" || kind === "redirect";

/** A text for each element that the maps hold at first. */
export const printElements = (maps: readonly MapSpec[]): readonly string[] =>
  maps.flatMap((map, i) => {
    if (isDataMap(map)) return (map.contents ?? []).map((one) => `map ${i}, ${printElement(map, one)}`);
    if (map.kind !== "mapOfMaps" || map.outer === "array") return [];
    return map.inner.map(({ key, map: inner }) => `map ${i}, ${printKey(key)} = map ${inner}`);
  });

const printKey = (key: Uint8Array): string => printBytes(key).replaceAll("\n", " ");

function printElement(map: DataMap, { key, value }: MapElement): string {
  const index = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
  return `${hasIndexes(map) ? index : printKey(key)} = ${printBytes(value)}`;
}

function build(word: MapWord, values: ReadonlyMap<string, number>): MapSpec | string {
  const of = (name: string): number => values.get(name) ?? 0;
  const entries = of("entries");
  const slots = [...values.keys()].filter((name) => /^\d+$/.test(name)).map(Number);
  const outside = slots.find((slot) => slot >= entries);
  if (outside !== undefined) return `slot ${outside} of ${word} with entries=${entries}`;
  const [valueBytes, keyBytes] = [of("value"), of("key")];
  switch (word) {
    case "array":
      return { kind: "array", keyBytes: 4, valueBytes, entries };
    case "hash":
      return { kind: "hash", keyBytes, valueBytes, entries };
    case "lpm":
      if (keyBytes < LEAST_LPM_KEY) return `key=${keyBytes} of lpm, expected the four of a length and more`;
      return { kind: "lpmTrie", keyBytes, valueBytes, entries };
    case "progs":
      return { kind: "progArray", entries, programs: Array.from({ length: entries }, (_, i) => values.get(`${i}`)) };
    case "maps": {
      const inner = slots.sort((a, b) => a - b).map((slot) => ({ key: keyOf(slot), map: of(`${slot}`) }));
      return { kind: "mapOfMaps", outer: "array", keyBytes: 4, entries, inner };
    }
    case "hash-of-maps":
      return { kind: "mapOfMaps", outer: "hash", keyBytes, entries, inner: [] };
    case "perf":
      return { kind: "perfEvents", entries };
    case "ringbuf":
      return { kind: "ringBuffer", entries };
    case "stacks":
      return { kind: "stackTrace", valueBytes, entries };
    case "insns": {
      if (slots.length < entries) return `${slots.length} slots of insns, expected one for each of ${entries} entries`;
      return {
        kind: "insnArray",
        entries,
        code: of("program"),
        slots: Array.from({ length: entries }, (_, i) => of(`${i}`)),
      };
    }
    default:
      return { kind: "redirect", to: word, keyBytes: 4, valueBytes, entries };
  }
}

const LEAST_LPM_KEY = 5;

/** The first word of a map's line. */
function wordOf(map: MapSpec): MapWord {
  switch (map.kind) {
    case "array":
    case "hash":
      return map.kind;
    case "lpmTrie":
      return "lpm";
    case "redirect":
      return map.to;
    case "progArray":
      return "progs";
    case "mapOfMaps":
      return map.outer === "array" ? "maps" : "hash-of-maps";
    case "perfEvents":
      return "perf";
    case "ringBuffer":
      return "ringbuf";
    case "stackTrace":
      return "stacks";
    case "insnArray":
      return "insns";
    default:
      return map satisfies never;
  }
}

export const printMap = (map: MapSpec): string => {
  const word = wordOf(map);
  const sizes = {
    program: map.kind === "insnArray" ? map.code : 0,
    entries: map.entries,
    key: "keyBytes" in map ? map.keyBytes : 0,
    value: "valueBytes" in map ? map.valueBytes : 0,
  };
  const fields = MAP_FIELDS[word].map((field) => ` ${field}=${sizes[field]}`);
  return `${word}${fields.join("")}${printSlots(map)}${map.name === undefined ? "" : ` name=${map.name}`}`;
};

function printSlots(map: MapSpec): string {
  if (map.kind === "progArray") {
    return map.programs.flatMap((program, slot) => (program === undefined ? [] : [` ${slot}=${program}`])).join("");
  }
  if (map.kind === "insnArray") return map.slots.map((slot, i) => ` ${i}=${slot}`).join("");
  if (map.kind !== "mapOfMaps" || map.outer === "hash") return "";
  return map.inner
    .map(({ key, map: inner }) => ` ${new DataView(key.buffer, key.byteOffset).getUint32(0, true)}=${inner}`)
    .join("");
}
