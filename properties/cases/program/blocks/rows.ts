// The rows that blocks draw from, by what they are drawn for: those of the tables that lie inside what the subject takes.

import {
  type AluRow,
  type AtomicRow,
  type EndRow,
  type JaRow,
  type JumpRow,
  type LddwRow,
  type LoadAcquireRow,
  type LoadRow,
  type MovsxRow,
  type NegRow,
  ROWS,
  type Row,
  rowById,
  type StoreImmRow,
  type StoreReleaseRow,
  type StoreRow,
} from "../../../../spec/bpf/isa.js";
import { type Dialect, inside } from "../../../../subjects/dialect.js";
import { type LoopForms, loopForms } from "./loop-forms.js";

export type ArithmeticRow = AluRow | NegRow | MovsxRow | EndRow;

export interface DrawnRows {
  readonly arithmetic: readonly ArithmeticRow[];
  readonly jumps: readonly JumpRow[];
  /** The first is `goto`. */
  readonly gotos: readonly JaRow[];
  readonly loads: readonly LoadRow[];
  readonly stores: readonly StoreRow[];
  readonly storeImms: readonly StoreImmRow[];
  readonly atomics: readonly AtomicRow[];
  /** Load-acquire and store-release. */
  readonly ordered: readonly (LoadAcquireRow | StoreReleaseRow)[];
  /** Of a register: whole, and with another upper half. */
  readonly copies: readonly Row[];
  readonly loops: LoopForms;
  /** What counts a loop to the first slot down. */
  readonly countDowns: readonly { readonly sub: Row; readonly again: Row }[];
  readonly mapObjects: readonly LddwRow[];
  readonly mapValues: readonly LddwRow[];
  /** Without arguments. */
  readonly plainHelpers: readonly number[];
  has(id: string): boolean;
}

const isArithmetic = (row: Row): row is ArithmeticRow => ["alu", "neg", "movsx", "end"].includes(row.kind);
const COPIES = ["mov reg", "mov32 reg", "movsx 32"].map(rowById);
const COUNT_DOWN = ["", "32"].map((width) => ({
  sub: rowById(`sub${width} imm`),
  again: rowById(`jsgt${width} imm`),
}));
/** ktime_get_ns, get_prandom_u32, get_smp_processor_id, get_current_pid_tgid. */
const PLAIN_HELPERS = [5, 7, 8, 14] as const;

const known = new WeakMap<Dialect, DrawnRows>();

/** Once for a dialect. */
export function rowsOf(dialect: Dialect): DrawnRows {
  const rows = known.get(dialect) ?? findRows(dialect);
  known.set(dialect, rows);
  return rows;
}

function findRows(dialect: Dialect): DrawnRows {
  const { forms, helpers } = dialect;
  const rows = inside(ROWS, dialect);
  const has = (id: string): boolean => forms.has(id);
  const lddws = (...sources: readonly string[]): readonly LddwRow[] =>
    rows.filter((row): row is LddwRow => row.kind === "lddw" && sources.includes(row.source));
  return {
    arithmetic: rows.filter(isArithmetic),
    jumps: rows.filter((row): row is JumpRow => row.kind === "jump"),
    gotos: rows.filter((row): row is JaRow => row.kind === "ja"),
    loads: rows.filter((row): row is LoadRow => row.kind === "load" && row.mode === "mem"),
    stores: rows.filter((row): row is StoreRow => row.kind === "store" && row.mode === "mem"),
    storeImms: rows.filter((row): row is StoreImmRow => row.kind === "storeImm" && row.mode === "mem"),
    atomics: rows.filter((row): row is AtomicRow => row.kind === "atomic" && row.mode === "mem"),
    ordered: rows.filter(
      (row): row is LoadAcquireRow | StoreReleaseRow =>
        (row.kind === "loadAcquire" || row.kind === "storeRelease") && row.mode === "mem",
    ),
    copies: inside(COPIES, dialect),
    loops: loopForms(has),
    countDowns: COUNT_DOWN.filter(({ sub, again }) => has(sub.id) && has(again.id)),
    mapObjects: lddws("mapFd", "mapIndex"),
    mapValues: lddws("mapFdValue", "mapIndexValue"),
    plainHelpers: PLAIN_HELPERS.filter((number) => helpers.has(number)),
    has,
  };
}
