// The coverage matrix cut into families of rows that share their strategies, so that each drawing is narrow and dense.

import type { MatrixCounts } from "../../properties/coverage/matrix.js";
import { POSSIBLE } from "../../properties/coverage/matrix.js";
import { STRATEGIES } from "../../properties/coverage/strategy.js";
import { ROWS, type Row } from "../../spec/bpf/isa.js";

export interface MatrixCell {
  readonly row: string;
  readonly group: string;
  /** Title of the strategy. */
  readonly strategy: string;
  readonly count: number;
  /** Nobody thought that it could be reached. */
  readonly unexpected: boolean;
}

export interface Family {
  readonly title: string;
  /** Row ids and titles of strategies, in the order of their tables; every one of them has a cell. */
  readonly rows: readonly string[];
  readonly strategies: readonly string[];
  readonly cells: readonly MatrixCell[];
}

const FAMILIES: readonly { readonly title: string; has(row: Row): boolean }[] = [
  { title: "Arithmetic with a constant", has: (row) => row.kind === "alu" && row.operand === "imm" },
  { title: "Arithmetic on registers", has: ({ kind }) => ["alu", "neg", "movsx", "end"].includes(kind) },
  { title: "Branches on a constant", has: (row) => row.kind === "jump" && row.operand === "imm" },
  { title: "Other branches", has: ({ kind }) => ["jump", "ja", "exit"].includes(kind) },
  { title: "Loads and stores", has: ({ kind }) => ["load", "store", "storeImm"].includes(kind) },
  { title: "Atomics", has: ({ kind }) => ["atomic", "loadAcquire", "storeRelease"].includes(kind) },
  { title: "Calls and 64-bit constants", has: () => true },
];

export function matrix(cells: MatrixCounts): readonly Family[] {
  const all = ROWS.map((row) => ({ row, cells: cellsOf(row, cells[row.id] ?? {}) }));
  return FAMILIES.map(({ title }, i) => {
    const mine = all.filter(({ row, cells: own }) => own.length > 0 && FAMILIES.findIndex(({ has }) => has(row)) === i);
    const drawn = mine.flatMap(({ cells: own }) => own);
    const strategies = STRATEGIES.map((s) => s.title).filter((s) => drawn.some(({ strategy }) => strategy === s));
    return { title, rows: mine.map(({ row }) => row.id), strategies, cells: drawn };
  }).filter(({ rows }) => rows.length > 0);
}

function cellsOf({ id, group }: Row, counts: Readonly<Record<string, number>>): readonly MatrixCell[] {
  const possible: readonly string[] = POSSIBLE.find(({ row }) => row.id === id)?.strategies ?? [];
  return STRATEGIES.filter((s) => possible.includes(s.id) || counts[s.id] !== undefined).map((s) => ({
    row: id,
    group,
    strategy: s.title,
    count: counts[s.id] ?? 0,
    unexpected: !possible.includes(s.id),
  }));
}

/** 0 for none, then 1 to 5 by powers of ten: 1, 10, 100, 1000, 10000 and more. */
export const heat = (count: number): number => (count === 0 ? 0 : Math.min(5, 1 + Math.floor(Math.log10(count))));
