// Which rows of the instruction table a set of programs reached, out of those that a program may be written with.

import { ROWS } from "../../spec/bpf/isa.js";

export interface Coverage {
  readonly reached: number;
  readonly all: number;
  /** Row ids, in table order. */
  readonly missing: readonly string[];
}

/** Row ids of what a program may be written with. The second slot of lddw does not run by itself. */
export const WRITTEN_ROWS: readonly string[] = ROWS.filter(
  ({ group, kind }) => group !== "kernel" && kind !== "lddwHigh",
).map(({ id }) => id);

export function coverage(rows: ReadonlyMap<string, number>, all: readonly string[] = WRITTEN_ROWS): Coverage {
  const missing = all.filter((id) => !rows.has(id));
  return { reached: all.length - missing.length, all: all.length, missing };
}
