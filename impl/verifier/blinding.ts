// Constants that a program brought along, kept out of the executable image: each is put together at run time from two
// numbers of which one is random, so that no attacker can choose what words the image holds.

import { type Insn, insn, lddwHalves } from "../../spec/bpf/insn.js";
import { ROWS, type Row, rowById, type Width } from "../../spec/bpf/isa.js";
import { mapList } from "../../spec/lists.js";
import type { Changes } from "../versions.js";
import { joinPatches, type Patched, type TooFar } from "./patches.js";
import { type RewrittenFunction, variantOf } from "./rewritten.js";

/** The scratch register of the kernel, where constants are put together: R11, and R12 where R11 is the base of arguments. */
const AX = 11;
export const scratchOf = ({ r0InX8 }: Changes): number => (r0InX8 ? 12 : AX);

const byWidth = (id: string): Record<Width, Row> => ({
  64: rowById(id.replace("#", "")),
  32: rowById(id.replace("#", "32")),
});
const MOV = byWidth("mov# imm");
const XOR = byWidth("xor# imm");
const COPY = rowById("mov reg");
const XOR_REG = rowById("xor reg");
const OR_REG = rowById("or reg");
const LSH = rowById("lsh imm");
/** A store from a register for each store of a constant. */
const STORES = ["b", "h", "w", "dw"].flatMap((size) => ["", "arena "].map((mode) => `${mode}st${size}`));
const FROM_REGISTER = new Map(STORES.map((id) => [rowById(id), rowById(id.replace("st", "stx"))]));

/** A random number: any 32 bits, signed or not. */
export type Random32 = () => number;

/**
 * All constants of a function blinded. Addresses of functions are not: they are no choice of the program's, and change
 * between the rounds of the JIT.
 *
 * @returns the new instructions, or the jump that got too long: then the program stays with the interpreter.
 * @source linux v6.12 kernel/bpf/core.c, bpf_jit_blind_constants()
 */
export function bpfJitBlindConstants(insns: readonly Insn[], random: Random32, ax = AX): Patched | TooFar {
  return joinPatches(mapList(insns, (slot, pc) => bpfJitBlindInsn(insns, pc, random, ax) ?? slot));
}

/** The same for a function whose instructions know where they come from. */
export function blindFunction(
  fn: RewrittenFunction,
  random: Random32,
  ax = AX,
): { readonly ok: true; readonly fn: RewrittenFunction } | TooFar {
  const blinded = bpfJitBlindConstants(fn.insns, random, ax);
  if (!blinded.ok) return blinded;
  const origin = blinded.origin.map((slot) => fn.origin[slot]!);
  return { ok: true, fn: variantOf(fn, { insns: blinded.insns, origin }) };
}

/**
 * What takes the place of the slot at `pc`; undefined if it stays. The two slots of a 64-bit constant are replaced one by
 * one: the first loads the upper half, the second puts the lower one under it.
 *
 * @source linux v6.12 kernel/bpf/core.c, bpf_jit_blind_insn()
 */
function bpfJitBlindInsn(
  insns: readonly Insn[],
  pc: number,
  random: Random32,
  ax: number,
): readonly Insn[] | undefined {
  const slot = insns[pc]!;
  const { row, dst, off, imm } = slot;
  if (dst === ax || slot.src === ax) return undefined;
  const blinded = (width: Width, value: number): readonly Insn[] => intoAx(ax, width, value, random() | 0);
  switch (row.kind) {
    case "alu": {
      if (row.operand !== "imm" || row.imm === "shift") return undefined;
      if (row.op === "mov" && imm === 0) return [insn(XOR_REG, { dst, src: dst })];
      return [...blinded(row.width, imm), insn(withRegister(row), { dst, src: ax, off })];
    }
    case "jump":
      if (row.operand !== "imm") return undefined;
      // Two instructions further from a target that lies behind it.
      return [...blinded(row.width, imm), insn(withRegister(row), { dst, src: ax, off: off < 0 ? off - 2 : off })];
    case "lddw":
      if (row.source === "code") return undefined;
      return [
        ...blinded(64, lddwHalves(insns, pc).high),
        insn(LSH, { dst: ax, imm: 32 }),
        insn(COPY, { dst, src: ax }),
      ];
    case "lddwHigh": {
      const first = insns[pc - 1]!;
      if (first.row.kind === "lddw" && first.row.source === "code") return undefined;
      return [...blinded(32, first.imm), insn(OR_REG, { dst: first.dst, src: ax })];
    }
    case "storeImm":
      return [...blinded(64, imm), insn(FROM_REGISTER.get(row)!, { dst, src: ax, off })];
    default:
      return undefined;
  }
}

/** AX = value, sign-extended to 64 bits or zero-extended. */
const intoAx = (ax: number, width: Width, value: number, random: number): readonly Insn[] => [
  insn(MOV[width], { dst: ax, imm: random ^ value }),
  insn(XOR[width], { dst: ax, imm: random }),
];

/** The same operation with a register in place of the constant. */
const withRegister = ({ index }: Row): Row => WITH_REGISTER[index!]!;
const WITH_REGISTER = ROWS.map((row) =>
  (row.kind === "alu" || row.kind === "jump") && row.operand === "imm" ? rowById(row.id.replace(" imm", " reg")) : row,
);
