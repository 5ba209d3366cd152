// How Linux 6.12 guards divisions before any JIT sees them (do_misc_fixups): by a register that may be 0, and signed ones
// by -1, whose quotient may overflow. The arm64 JIT needs none of it, since UDIV and SDIV do not trap, but it gets it.

import { type Insn, insn } from "../../spec/bpf/insn.js";
import { type AluRow, type Row, rowById, type Width } from "../../spec/bpf/isa.js";

const rowsOf = (id: string): Record<Width, Row> => ({
  64: rowById(id.replace("#", "")),
  32: rowById(id.replace("#", "32")),
});
const ADD = rowsOf("add# imm");
const MOV = rowsOf("mov# imm");
const NEG = rowsOf("neg#");
const JEQ = rowsOf("jeq# imm");
const JNE = rowsOf("jne# imm");
const JGT = rowsOf("jgt# imm");
const JA = rowById("ja");
const COPY = rowsOf("mov# reg");
const XOR32 = rowById("xor32 reg");

/** Of these some are guarded. */
export const isDivision = ({ row }: Insn): boolean =>
  row.kind === "alu" && (row.op === "div" || row.op === "mod" || row.op === "sdiv" || row.op === "smod");

/**
 * What takes the place of `slot`; undefined if it stays as it is. Jumps in it are final, and none leaves it otherwise than
 * at its end.
 *
 * @param ax the verifier's scratch register
 */
export function guardDivision(slot: Insn, ax: number): readonly Insn[] | undefined {
  const { row } = slot;
  if (row.kind !== "alu") return undefined;
  switch (row.op) {
    case "div":
      return row.operand === "reg" ? guardDiv(slot, row) : undefined;
    case "mod":
      return row.operand === "reg" ? guardMod(slot, row) : undefined;
    case "sdiv":
      if (row.operand === "reg") return guardSdiv(slot, row, ax);
      return slot.imm === -1 ? [insn(NEG[row.width], { dst: slot.dst })] : undefined;
    case "smod":
      if (row.operand === "reg") return guardSmod(slot, row, ax);
      return slot.imm === -1 ? [insn(MOV[32], { dst: slot.dst })] : undefined;
    default:
      return undefined;
  }
}

/** x / 0 = 0. */
const guardDiv = (slot: Insn, { width }: AluRow): readonly Insn[] => [
  insn(JNE[width], { dst: slot.src, off: 2 }),
  insn(XOR32, { dst: slot.dst, src: slot.dst }),
  insn(JA, { off: 1 }),
  slot,
];

/** x % 0 = x, zero-extended if 32 bits wide. */
const guardMod = (slot: Insn, { width }: AluRow): readonly Insn[] => [
  insn(JEQ[width], { dst: slot.src, off: width === 64 ? 1 : 2 }),
  slot,
  ...truncation(slot, width),
];

/** x / 0 = 0 and x / -1 = -x: src + 1 is 1 or 0, everything else is above. */
const guardSdiv = (slot: Insn, { width }: AluRow, ax: number): readonly Insn[] => [
  insn(COPY[64], { dst: ax, src: slot.src }),
  insn(ADD[width], { dst: ax, imm: 1 }),
  insn(JGT[width], { dst: ax, off: 4, imm: 1 }),
  insn(JEQ[width], { dst: ax, off: 1, imm: 0 }),
  insn(MOV[width], { dst: slot.dst }),
  insn(NEG[width], { dst: slot.dst }),
  insn(JA, { off: 1 }),
  slot,
];

/** x % 0 = x and x % -1 = 0. */
const guardSmod = (slot: Insn, { width }: AluRow, ax: number): readonly Insn[] => [
  insn(COPY[64], { dst: ax, src: slot.src }),
  insn(ADD[width], { dst: ax, imm: 1 }),
  insn(JGT[width], { dst: ax, off: 3, imm: 1 }),
  insn(JEQ[width], { dst: ax, off: width === 64 ? 3 : 4, imm: 1 }),
  insn(MOV[32], { dst: slot.dst }),
  insn(JA, { off: 1 }),
  slot,
  ...truncation(slot, width),
];

/** The result is there, but for the upper half of a 32-bit one that was left alone. */
const truncation = (slot: Insn, width: Width): readonly Insn[] =>
  width === 64 ? [] : [insn(JA, { off: 1 }), insn(COPY[32], { dst: slot.dst, src: slot.dst })];
