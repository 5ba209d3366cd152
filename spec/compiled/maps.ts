// Which maps the compiled interpreter has, and what they need of its memory.

import type { ArrayMap, HashMap, InsnArrayMap, MapSpec, ProgArrayMap } from "../bpf/program.js";
import * as at from "./layout.js";

/** The maps that it has. Others are those of the helpers that it asks for. */
type Taken = ArrayMap | HashMap | ProgArrayMap | InsnArrayMap;
export const isTaken = (spec: MapSpec): spec is Taken => spec.kind in SORTS;
export const SORTS: Record<Taken["kind"], number> = {
  array: at.ARRAY,
  hash: at.HASH,
  progArray: at.PROG_ARRAY,
  insnArray: at.INSN_ARRAY,
};

export const WORD = 8;
export const aligned = (bytes: number): number => Math.ceil(bytes / WORD) * WORD;
export const hasValues = (spec: Taken): spec is ArrayMap | HashMap => spec.kind === "array" || spec.kind === "hash";
export const strideOf = (spec: Taken): number => {
  if (spec.kind === "insnArray") return WORD;
  return hasValues(spec) ? aligned(spec.valueBytes) : 0;
};

/** Bytes of what is kept beside the values of a map. */
export const STATE_BYTES: Record<Taken["kind"], (entries: number, keyBytes: number) => number> = {
  array: () => 0,
  hash: (entries, keyBytes) => entries * (1 + keyBytes),
  progArray: (entries) => 4 * entries,
  insnArray: () => 0,
};
