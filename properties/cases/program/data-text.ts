// What a program runs on, as text. Inputs: pairs of hex digits, and `zero 48` for a run of zeros, on as many lines as it
// takes. Maps: `array value=8 entries=4`, `hash key=4 value=8 entries=16`, `progs entries=4 0=1 2=3`, where `2=3` puts
// program 3 into slot 2.

import type { MapSpec } from "../../../spec/bpf/program.js";

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
  for (const item of items) {
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
  return build(kind, values);
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

export function printMap(map: MapSpec): string {
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
