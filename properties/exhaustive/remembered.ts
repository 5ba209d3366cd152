// A copy of what an allocator remembers, read from its own fields, whatever they are, so that a field that is added later
// counts at once; to put it back.

import type { PacksView } from "../../subjects/subject.js";

/** The machine is no memory of the allocator's. */
const APART = "machine";

type Fields = Record<string, unknown>;
type Numbers = Uint8Array | Uint32Array;

/** Its numbers, and the very objects that they are in. */
export class Remembered {
  private readonly objects: {
    readonly object: Fields;
    readonly keys: readonly string[];
    readonly values: unknown[];
  }[] = [];
  private readonly arrays: { readonly array: Numbers; readonly copy: Numbers }[] = [];
  /** Nothing is in it that is copied neither as numbers nor as fields. */
  private isWhole = true;

  constructor(packs: PacksView) {
    this.add(packs, new Set());
  }

  private add(value: object, seen: Set<object>): void {
    if (seen.has(value)) return;
    seen.add(value);
    if (value instanceof Uint8Array || value instanceof Uint32Array) {
      this.arrays.push({ array: value, copy: value.slice() });
      return;
    }
    if (ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set) {
      this.isWhole = false;
      return;
    }
    const object = value as Fields;
    const keys = Object.keys(object);
    const values = keys.map((key) => object[key]);
    this.objects.push({ object, keys, values });
    for (const [i, field] of values.entries()) {
      if (typeof field === "object" && field !== null && keys[i] !== APART) this.add(field, seen);
    }
  }

  /** Let all numbers be what they were. @returns false, and nothing is changed, if it is made of other objects now */
  putBack(): boolean {
    if (!this.isWhole || !this.objects.every(isOfSameObjects)) return false;
    for (const { object, keys, values } of this.objects) {
      for (let i = 0; i < keys.length; i++) if (object[keys[i]!] !== values[i]) object[keys[i]!] = values[i];
    }
    for (const { array, copy } of this.arrays) array.set(copy);
    return true;
  }
}

function isOfSameObjects({ object, keys, values }: Remembered["objects"][number]): boolean {
  const now = Object.keys(object);
  if (now.length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) {
    if (now[i] !== keys[i]) return false;
    const value = values[i];
    const isNumber = typeof value !== "object" && typeof value !== "function";
    if (isNumber ? typeof object[keys[i]!] !== typeof value : object[keys[i]!] !== value) return false;
  }
  return true;
}
