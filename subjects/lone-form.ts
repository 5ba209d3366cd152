// One instruction form by itself, for subjects that find out which ones a JIT takes by trying each once.

import { datedForm, type Insn, insn } from "../spec/bpf/insn.js";
import { type Row, rowById } from "../spec/bpf/isa.js";

/** What a JIT lacks that does not take that form. */
export const missingForm = (row: Row): string => `the instruction form ${datedForm(row)}`;

/** The same of what is spelled as loads and stores that every JIT takes. */
export const MISSING_ARGUMENTS = "arguments beyond five (since Linux 7.2)";

/**
 * The second half of a constant, and calls of other functions, mean nothing alone; of the others a verifier makes what
 * every JIT takes.
 */
export const isNeverLone = (row: Row): boolean =>
  row.kind === "lddwHigh" ||
  row.kind === "legacyLoad" ||
  row.kind === "mayGoto" ||
  (row.kind === "call" && row.target === "local");

/** A function of that form alone. @param constant of a form that is one */
export function loneForm(row: Row, constant = 0): readonly Insn[] {
  if (row.kind !== "lddw") return [insn(row, { dst: 1, src: 2 }), EXIT];
  return [insn(row, { dst: 1, imm: constant }), insn(rowById("lddw high"), { imm: constant < 0 ? -1 : 0 }), EXIT];
}
const EXIT = insn(rowById("exit"));
