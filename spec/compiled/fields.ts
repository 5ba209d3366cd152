// The fields of a context as the compiled interpreter finds them: a table by offset, size and direction. See `layout.ts`.

import { assert } from "../assert.js";
import { fieldAccess, structureOf } from "../bpf/context-fields.js";
import type { ContextKind } from "../bpf/program.js";
import * as at from "./layout.js";

const SIZES = 4;
const DIRECTIONS = ["load", "store"] as const;
const known = new Map<ContextKind, Uint32Array>();

export function tableOf(context: ContextKind): Uint32Array {
  const made = known.get(context) ?? makeTable(context);
  known.set(context, made);
  return made;
}

function makeTable(context: ContextKind): Uint32Array {
  // The table is read without a look at its end.
  assert(structureOf(context)!.bytes <= at.MOST_FIELD_BYTES, () => `the context ${context} is larger than its table`);
  const words: number[] = [];
  for (let offset = 0; offset < at.MOST_FIELD_BYTES; offset++) {
    for (let size = 0; size < SIZES; size++) {
      for (const how of DIRECTIONS) words.push(fieldWord(context, offset, size, how));
    }
  }
  return Uint32Array.from(words);
}

/** One entry. `size`: the logarithm of bytes. */
function fieldWord(context: ContextKind, offset: number, size: number, how: "load" | "store"): number {
  const access = fieldAccess(context, offset, 1 << size, how);
  if (access === undefined) return 0;
  const { field, low } = access;
  const isBytes = field.sort === "any";
  const { pointers } = structureOf(context)!;
  const place = (field.via ?? []).reduce((from, pointer) => pointers.get(from + pointer)!, 0) + field.at;
  const width = isBytes ? size : Math.log2(field.width);
  const skipped = isBytes ? 0 : low;
  const loaded = field.sort === "packet" ? width : size;
  return (
    ((1 << at.FIELD_IS_THERE) |
      (place + (isBytes ? low : 0)) |
      (skipped << at.FIELD_SKIPPED) |
      (width << at.FIELD_WIDTH) |
      (loaded << at.FIELD_LOADED)) >>>
    0
  );
}
