// Instruction forms that a JIT must take. Those of the first versions of the instruction set every JIT takes; of those that
// came to Linux together it takes all or none. What a kernel refuses beyond that, or crashes at, is a form that it has lost,
// and not one that its release does not have yet.

import { ROWS, type Row } from "../../spec/bpf/isa.js";
import type { DirectedCase } from "../../subjects/subject.js";

const GROUPS: ReadonlySet<Row["group"]> = new Set(["base32", "base64", "divmul32", "divmul64", "atomic32", "atomic64"]);
/** What a kernel must know beside the instruction: its functions, and addresses of its own. */
function asksKernel(row: Row): boolean {
  return row.kind === "call" || (row.kind === "lddw" && row.source !== "imm64");
}
/** What the table says of a later release is asked of nobody: distributions take some of it back to older ones. */
const OLD = ROWS.filter((row) => GROUPS.has(row.group) && row.since === undefined && !asksKernel(row));
const isAdd = (row: Row): boolean => row.kind === "atomic" && row.op === "add" && !row.fetch;
const isFirst = (row: Row): boolean => row.cpu < 4 && (row.kind !== "atomic" || isAdd(row));

interface Family {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly needed?: true;
}
const FAMILIES: readonly Family[] = [
  { name: "of the first versions", rows: OLD.filter(isFirst), needed: true },
  { name: "of atomics", rows: OLD.filter((row) => row.kind === "atomic" && !isAdd(row)) },
  { name: "of cpu v4", rows: OLD.filter(({ cpu }) => cpu === 4) },
];

export const FORMS: readonly DirectedCase[] = FAMILIES.map(({ name, rows, needed }) => ({
  name: `the instruction forms ${name}`,
  check: ({ forms }) => {
    if (forms === undefined) return undefined;
    const taken = forms();
    const lost = rows.filter(({ id }) => !taken.has(id)).map(({ id }) => id);
    if (lost.length === 0 || (needed !== true && lost.length === rows.length)) return undefined;
    return `the JIT does not take ${lost.slice(0, SHOWN).join(", ")}${lost.length > SHOWN ? ` and ${lost.length - SHOWN} more` : ""}`;
  },
}));
const SHOWN = 3;
