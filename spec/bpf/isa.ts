// The BPF instruction set, once: one row per instruction form, in the words of RFC 9669. Decoder, encoder, both text
// syntaxes, validity rules, generators and coverage read these rows, which are in `isa/`. Meanings live elsewhere:
// `steps.ts` and the files that it names for what a program computes, `impl/jit` for what is emitted. Read `insn.ts` next.

import type { AnyOf } from "../any-of.js";
import { aluRows, endRows, lddwHighRow, lddwRows, movsxRows, negRows } from "./isa/compute.js";
import { callRows, exitRow, gotoxRow, jaRows, jumpRows, mayGotoRow } from "./isa/control.js";
import { kernelRows } from "./isa/kernel.js";
import {
  atomicRows,
  LEGACY_MODES,
  legacyLoadRows,
  loadAcquireRows,
  loadRows,
  storeImmRows,
  storeReleaseRows,
  storeRows,
} from "./isa/memory.js";
import { JMP, LD, SRC_REG } from "./isa/opcode.js";
import type { Row } from "./isa/row.js";
import { stackArgumentRows } from "./isa/stack-argument.js";

export type { AluOp, AtomicOp, CallTarget, JumpOp, LddwSource } from "./isa/operations.js";
export type * from "./isa/row.js";
export { MOST_STACK_ARGUMENTS, STACK_ARGUMENTS } from "./isa/stack-argument.js";

/**
 * The row with all fields there are, in one order. Rows are read everywhere, and an engine finds a field at once in objects
 * of one shape, but has to search for it in those of many.
 */
function ofOneShape(row: Row, index: number): Row {
  const { kind, id, opcode, group, cpu, dst, src, off, imm, since }: AnyOf<Row> = row;
  const { mode, op, width, operand, symbol, from, order, bits }: AnyOf<Row> = row;
  const { field, target, source, size, signed, fetch }: AnyOf<Row> = row;
  const select = { dst: row.select.dst, src: row.select.src, off: row.select.off, imm: row.select.imm };
  return {
    kind,
    id,
    index,
    opcode,
    group,
    cpu,
    select,
    dst,
    src,
    off,
    imm,
    since,
    mode,
    op,
    width,
    operand,
    symbol,
    from,
    order,
    bits,
    field,
    target,
    source,
    size,
    signed,
    fetch,
  } as Row;
}

/** Every row. Those of group `kernel` are accepted in the kernel dialect only. */
export const ROWS: readonly Row[] = [
  ...aluRows,
  ...negRows,
  ...movsxRows,
  ...endRows,
  ...jaRows,
  ...jumpRows,
  ...callRows,
  exitRow,
  ...lddwRows,
  lddwHighRow,
  // Before the plain accesses whose opcodes they share.
  ...stackArgumentRows,
  ...loadRows,
  ...storeImmRows,
  ...storeRows,
  ...atomicRows,
  ...loadAcquireRows,
  ...storeReleaseRows,
  ...legacyLoadRows,
  mayGotoRow,
  gotoxRow,
  ...kernelRows,
].map(ofOneShape);

/** Opcodes that exist in the field but that this project refuses, each with the name to refuse it by. */
export const REFUSED: ReadonlyMap<number, string> = new Map<number, string>([
  [JMP | 0x80 | SRC_REG, "callx (call through a register)"],
  ...LEGACY_MODES.map(({ mode, code }): [number, string] => [
    LD | code | 0x18,
    `a load of 8 bytes of the packet (ld${mode}dw)`,
  ]),
]);

const byId = new Map(ROWS.map((row) => [row.id, row]));
const byOpcode: readonly (readonly Row[])[] = Array.from({ length: 256 }, (_, opcode) =>
  ROWS.filter((row) => row.opcode === opcode),
);

/** The row with that id. @throws RangeError if there is none: a slip in our own code. */
export function rowById(id: string): Row {
  const row = byId.get(id);
  if (row === undefined) throw new RangeError(`no instruction row is called "${id}"`);
  return row;
}

/** The rows that share one opcode byte; empty for an unknown opcode. */
export const rowsOfOpcode = (opcode: number): readonly Row[] => byOpcode[opcode] ?? [];
