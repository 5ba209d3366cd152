// Arithmetic, moves and byte order: RFC 9669 section 4.1 and 4.2 in A64. The verifier has seen to division by zero and
// to shift amounts, so nothing is checked here.

import type { Insn } from "../../spec/bpf/insn.js";
import type { AluOp, AluRow, EndRow, MovsxRow, NegRow } from "../../spec/bpf/isa.js";
import { addImm, addReg, isAddSubImm, neg, subImm, subReg } from "../a64/add-sub.js";
import { asrv, lslv, lsrv, msub, mul, rev16, rev32, rev64, sdiv, udiv } from "../a64/arithmetic.js";
import { asrImm, lslImm, lsrImm, sxtb, sxth, sxtw, uxth, uxtw } from "../a64/bitfield.js";
import { cbz } from "../a64/branch.js";
import { andImm, andReg, eorImm, eorReg, orrImm, orrReg } from "../a64/logical.js";
import { movk } from "../a64/move-wide.js";
import type { Is64, Reg } from "../a64/registers.js";
import { mrs, SYSREG } from "../a64/system.js";
import { type Encoded, isRefusal, type Word } from "../a64/word.js";
import { movImm } from "./constant.js";
import type { Emitter } from "./emitter.js";
import { TMP1, TMP2 } from "./registers.js";

export function lowerAlu(e: Emitter, row: AluRow, insn: Insn): void {
  const is64 = row.width === 64 ? 1 : 0;
  const d = e.reg(insn.dst);
  if (row.operand === "reg") e.emit(aluReg(e, row.op, is64, d, e.reg(insn.src)));
  else aluImm(e, row.op, is64, d, insn.imm);
}

/** The last word of the operation; the quotient of a modulo goes before it. */
function aluReg(e: Emitter, op: AluOp, is64: Is64, d: Reg, s: Reg): Word {
  switch (op) {
    case "mov":
      return e.mov(is64, d, s);
    case "add":
      return addReg(is64, d, d, s);
    case "sub":
      return subReg(is64, d, d, s);
    case "and":
      return andReg(is64, d, d, s);
    case "or":
      return orrReg(is64, d, d, s);
    case "xor":
      return eorReg(is64, d, d, s);
    case "mul":
      return mul(is64, d, d, s);
    case "lsh":
      return lslv(is64, d, d, s);
    case "rsh":
      return lsrv(is64, d, d, s);
    case "arsh":
      return asrv(is64, d, d, s);
    case "div":
      return udiv(is64, d, d, s);
    case "sdiv":
      return sdiv(is64, d, d, s);
    case "mod":
      e.emit(udiv(is64, TMP1, d, s));
      return msub(is64, d, TMP1, s, d);
    case "smod":
      e.emit(sdiv(is64, TMP1, d, s));
      return msub(is64, d, TMP1, s, d);
    default:
      return op satisfies never;
  }
}

function aluImm(e: Emitter, op: AluOp, is64: Is64, d: Reg, imm: number): void {
  switch (op) {
    case "mov":
      movImm(e, is64, d, imm);
      return;
    case "add":
      if (isAddSubImm(imm)) e.emit(addImm(is64, d, d, imm));
      else if (isAddSubImm(-imm)) e.emit(subImm(is64, d, d, -imm));
      else throughRegister(e, op, is64, d, imm);
      return;
    case "sub":
      if (isAddSubImm(imm)) e.emit(subImm(is64, d, d, imm));
      else if (isAddSubImm(-imm)) e.emit(addImm(is64, d, d, -imm));
      else throughRegister(e, op, is64, d, imm);
      return;
    case "and":
      logicalImm(e, op, is64, d, imm, andImm(is64, d, d, imm));
      return;
    case "or":
      logicalImm(e, op, is64, d, imm, orrImm(is64, d, d, imm));
      return;
    case "xor":
      logicalImm(e, op, is64, d, imm, eorImm(is64, d, d, imm));
      return;
    case "lsh":
      e.emit(lslImm(is64, d, d, imm));
      return;
    case "rsh":
      e.emit(lsrImm(is64, d, d, imm));
      return;
    case "arsh":
      e.emit(asrImm(is64, d, d, imm));
      return;
    case "mul":
    case "div":
    case "sdiv":
      throughRegister(e, op, is64, d, imm);
      return;
    case "mod":
    case "smod":
      // TMP1 will hold the quotient.
      movImm(e, is64, TMP2, imm);
      e.emit(aluReg(e, op, is64, d, TMP2));
      return;
    default:
      op satisfies never;
  }
}

function logicalImm(e: Emitter, op: AluOp, is64: Is64, d: Reg, imm: number, encoded: Encoded): void {
  if (isRefusal(encoded)) throughRegister(e, op, is64, d, imm);
  else e.emit(encoded);
}

function throughRegister(e: Emitter, op: AluOp, is64: Is64, d: Reg, imm: number): void {
  movImm(e, is64, TMP1, imm);
  e.emit(aluReg(e, op, is64, d, TMP1));
}

export function lowerNeg(e: Emitter, row: NegRow, insn: Insn): void {
  const d = e.reg(insn.dst);
  e.emit(neg(row.width === 64 ? 1 : 0, d, d));
}

export function lowerMovsx(e: Emitter, row: MovsxRow, insn: Insn): void {
  const is64 = row.width === 64 ? 1 : 0;
  const d = e.reg(insn.dst);
  const s = e.reg(insn.src);
  e.emit(row.from === 8 ? sxtb(is64, d, s) : row.from === 16 ? sxth(is64, d, s) : sxtw(d, s));
}

/** For a little-endian kernel. */
export function lowerEnd(e: Emitter, row: EndRow, insn: Insn): void {
  const d = e.reg(insn.dst);
  if (row.order === "le") {
    if (row.bits === 16) e.emit(uxth(0, d, d));
    else if (row.bits === 32) e.emit(uxtw(0, d, d));
    return;
  }
  const is64 = row.order === "swap" ? 1 : 0;
  if (row.bits === 64) e.emit(rev64(d, d));
  else if (row.bits === 32) e.emit(rev32(0, d, d));
  else {
    e.emit(rev16(is64, d, d));
    e.emit(uxth(is64, d, d));
  }
}

/** dst = src + the base of this CPU's per-CPU memory. */
export function lowerPercpu(e: Emitter, insn: Insn): void {
  const d = e.reg(insn.dst);
  const s = e.reg(insn.src);
  if (d !== s) e.emit(e.mov(1, d, s));
  e.emit(mrs(TMP1, e.env.vhe ? SYSREG.tpidrEl2 : SYSREG.tpidrEl1));
  e.emit(addReg(1, d, d, TMP1));
}

/** An arena pointer as user space knows it: the lower half under the arena's upper half, and null stays null. */
export function lowerCastUser(e: Emitter, insn: Insn): void {
  const d = e.reg(insn.dst);
  if (e.env.changes.shortCastUser) {
    e.emit(e.mov(0, d, e.reg(insn.src)));
    e.emit(cbz(0, d, 8));
    e.emit(movk(1, d, (e.fn.arena?.userBase.high ?? 0) & 0xffff, 32));
    return;
  }
  e.emit(e.mov(0, TMP1, e.reg(insn.src)));
  movImm(e, 0, d, e.fn.arena?.userBase.high ?? 0);
  e.emit(lslImm(1, d, d, 32));
  e.emit(cbz(1, TMP1, 8));
  e.emit(orrReg(1, TMP1, d, TMP1));
  e.emit(e.mov(1, d, TMP1));
}
