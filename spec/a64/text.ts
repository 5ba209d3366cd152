// Our own disassembly, word for word what Capstone 5 writes, or means where it leaves something out: lower case, the
// preferred alias, numbers up to nine in decimal and above in hexadecimal, branch targets absolute. It makes Capstone a
// witness of the decoder, and is the text of fault reports.

import { u64 } from "../bits.js";
import { pointer } from "./address.js";
import { CONDITIONS } from "./condition.js";
import type { A64Insn, A64Kind, Insn } from "./insn.js";
import * as control from "./text-control.js";
import * as data from "./text-data.js";
import * as access from "./text-memory.js";
import { line, number, regName } from "./text-parts.js";

/** The address that lies so many bytes from the code address `pc`. */
const label = (pc: number, offset: number): string => number(u64(pointer(pc) + BigInt(offset)));

const TEXTS: { readonly [Kind in A64Kind]: (insn: Insn<Kind>, pc: number) => string } = {
  ...data,
  ...access,
  ...control,
  address: ({ page, rd, offset }, pc) =>
    page
      ? line("adrp", regName(rd, 64), label(pc - (pc % 4096), offset))
      : line("adr", regName(rd, 64), label(pc, offset)),
  loadLiteral: (insn, pc) => access.loadLiteral(insn, label(pc, insn.offset)),
  branch: ({ link, offset }, pc) => line(link ? "bl" : "b", label(pc, offset)),
  branchConditional: ({ condition, offset }, pc) => line(`b.${CONDITIONS[condition]}`, label(pc, offset)),
  compareAndBranch: ({ nonzero, rt, width, offset }, pc) =>
    line(nonzero ? "cbnz" : "cbz", regName(rt, width), label(pc, offset)),
  testAndBranch: ({ nonzero, rt, bit, offset }, pc) =>
    line(nonzero ? "tbnz" : "tbz", regName(rt, bit < 32 ? 32 : 64), number(bit), label(pc, offset)),
};

/** The instruction's text at code address `pc` (low 48 bits), which matters only to those that are relative to it. */
export function text(insn: A64Insn, pc: number): string {
  const write = TEXTS[insn.kind] as (insn: A64Insn, pc: number) => string;
  return write(insn, pc);
}
