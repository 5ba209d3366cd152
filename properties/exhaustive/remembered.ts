// A copy of what an allocator remembers, read from its own fields, whatever they are, so that a field that is added later
// counts at once; to put it back.

import type { PacksView } from "../../subjects/subject.js";

/** The machine is no memory of the allocator's. */
const APART = "machine";

type Fields = Record<string, unknown>;
type Numbers = Uint8Array | Uint32Array;

/** What is in its fields, and the very objects that they are in. */
export class Remembered {
  private readonly objects: {
    readonly object: Fields;
    readonly keys: readonly string[];
    readonly values: readonly unknown[];
  }[] = [];
  private readonly lists: { readonly list: unknown[]; readonly copy: readonly unknown[] }[] = [];
  private readonly arrays: { readonly array: Numbers; readonly copy: Numbers }[] = [];
  /** Nothing is in it that is not copied. */
  private isWhole = true;

  constructor(packs: PacksView) {
    this.add(packs, new Set());
  }

  private add(value: unknown, seen: Set<unknown>): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Uint8Array || value instanceof Uint32Array) {
      this.arrays.push({ array: value, copy: value.slice() });
    } else if (Array.isArray(value)) {
      this.lists.push({ list: value, copy: [...value] });
      for (const one of value) this.add(one, seen);
    } else if (ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set) this.isWhole = false;
    else {
      const object = value as Fields;
      const keys = Object.keys(object);
      const values = keys.map((key) => object[key]);
      this.objects.push({ object, keys, values });
      for (const [i, field] of values.entries()) if (keys[i] !== APART) this.add(field, seen);
    }
  }

  /** Whether it is made of the same objects now, with whatever in them. */
  isOfSameObjects(): boolean {
    const isSame = (now: unknown, before: unknown): boolean =>
      typeof before === "object" || typeof before === "function" ? now === before : typeof now === typeof before;
    return (
      this.objects.every(
        ({ object, keys, values }) =>
          Object.keys(object).length === keys.length && keys.every((key, i) => isSame(object[key], values[i])),
      ) &&
      this.lists.every(
        ({ list, copy }) => list.length === copy.length && copy.every((before, i) => isSame(list[i], before)),
      )
    );
  }

  /** Let everything be what it was. @returns false, and nothing is changed, if not all of it was copied */
  putBack(): boolean {
    if (!this.isWhole) return false;
    for (const { object, keys, values } of this.objects) {
      for (let i = 0; i < keys.length; i++) if (object[keys[i]!] !== values[i]) object[keys[i]!] = values[i];
      for (const key in object) if (!keys.includes(key)) delete object[key];
    }
    for (const { list, copy } of this.lists) {
      list.length = copy.length;
      for (let i = 0; i < copy.length; i++) list[i] = copy[i];
    }
    for (const { array, copy } of this.arrays) array.set(copy);
    return true;
  }
}
