// A map as one line: `array value=8 entries=4`, `hash key=4 value=8 entries=16`, `progs entries=4 0=1 2=3`, where
// `2=3` puts program 3 into slot 2.

import type { MapSpec } from "../../../spec/bpf/program.js";

const FIELDS = { array: ["value", "entries"], hash: ["key", "value", "entries"], progs: ["entries"] } as const;
const MOST = 1 << 16;

/** The map of a text, or what is wrong with it. */
export function readMap(text: string): MapSpec | string {
  const [kind = "", ...items] = text.split(/\s+/);
  if (kind !== "array" && kind !== "hash" && kind !== "progs") return `expected array, hash or progs, got "${kind}"`;
  const values = new Map<string, number>();
  for (const item of items) {
    const [, name = "", digits = ""] = /^(\w+)=(\d{1,5})$/.exec(item) ?? [];
    const isSlot = kind === "progs" && /^\d+$/.test(name);
    if (!isSlot && !FIELDS[kind].some((field) => field === name)) {
      return `expected ${FIELDS[kind].map((field) => `${field}=N`).join(", ")} of ${kind}, got "${item}"`;
    }
    if (values.has(name)) return `"${name}" comes twice`;
    values.set(name, Number(digits));
  }
  for (const field of FIELDS[kind]) {
    const value = values.get(field) ?? 0;
    if (value < 1 || value > MOST) return `expected ${field}=N of ${kind}, with N from 1 to ${MOST}`;
  }
  return build(kind, values);
}

function build(kind: keyof typeof FIELDS, values: ReadonlyMap<string, number>): MapSpec | string {
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
