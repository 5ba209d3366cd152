// Conformance results by RFC 9669 group: a runtime claims groups, so that is how a suite has to be counted.

import { type Group, ROWS } from "../../spec/bpf/isa.js";
import type { Case } from "../../subjects/case.js";

export interface GroupCounts {
  files: number;
  interpreter: number;
  jit: number;
}

export type Groups = Record<string, GroupCounts>;

const NAMES: readonly Group[] = [...new Set(ROWS.map(({ group }) => group))].filter((group) => group !== "kernel");

export const emptyGroups = (): Groups =>
  Object.fromEntries(NAMES.map((name) => [name, { files: 0, interpreter: 0, jit: 0 }]));

/** Count one file in every group that its instructions belong to. */
export function tallyGroups(
  groups: Groups,
  c: Case,
  passed: { readonly interpreter: boolean; readonly jit: boolean },
): void {
  for (const name of new Set(c.program.code.flatMap((code) => code.map(({ row }) => row.group)))) {
    const counts = groups[name];
    if (counts === undefined) continue;
    counts.files++;
    if (passed.interpreter) counts.interpreter++;
    if (passed.jit) counts.jit++;
  }
}
