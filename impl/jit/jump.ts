// Branches. A conditional one compares and then branches; the branch must be the last word of its slot.

import type { Insn } from "../../spec/bpf/insn.js";
import { type JaRow, type JumpOp, type JumpRow, ROWS } from "../../spec/bpf/isa.js";
import { cmnImm, cmpImm, cmpReg, isAddSubImm } from "../a64/add-sub.js";
import { b, bCond, COND, type Cond } from "../a64/branch.js";
import { tstImm, tstReg } from "../a64/logical.js";
import type { Is64, Reg } from "../a64/registers.js";
import { isRefusal } from "../a64/word.js";
import { movImm } from "./constant.js";
import { CONDITION_REACH, type Emitter } from "./emitter.js";
import { TMP1 } from "./registers.js";

const BY_OPERATION: Readonly<Record<JumpOp, Cond>> = {
  jeq: COND.eq,
  jne: COND.ne,
  jset: COND.ne,
  jgt: COND.hi,
  jge: COND.cs,
  jlt: COND.cc,
  jle: COND.ls,
  jsgt: COND.gt,
  jsge: COND.ge,
  jslt: COND.lt,
  jsle: COND.le,
};
/** By row: the name of an operation is searched for, a number is not. */
const CONDITION = ROWS.map((row): Cond => (row.kind === "jump" ? BY_OPERATION[row.op] : COND.eq));

export function lowerJa(e: Emitter, row: JaRow, insn: Insn, pc: number): void {
  jumpTo(e, pc, e.branchWords(pc, row.field === "off" ? insn.off : insn.imm));
}

/** To the epilogue, unless it follows anyway. */
export function lowerExit(e: Emitter, pc: number): void {
  if (pc !== e.fn.insns.length - 1) jumpTo(e, pc, e.epilogue - e.words);
}

function jumpTo(e: Emitter, pc: number, words: number): void {
  if (e.checkBranch(pc, words, 26)) e.emit(b(words * 4));
}

export function lowerJump(e: Emitter, row: JumpRow, insn: Insn, pc: number): void {
  const is64 = row.width === 64 ? 1 : 0;
  const d = e.reg(insn.dst);
  if (row.operand === "reg") {
    const s = e.reg(insn.src);
    e.emit(row.op === "jset" ? tstReg(is64, d, s) : cmpReg(is64, d, s));
  } else if (row.op === "jset") testImm(e, is64, d, insn.imm);
  else compareImm(e, is64, d, insn.imm);
  const words = e.branchWords(pc, insn.off);
  if (!e.checkBranch(pc, words, 19)) return;
  // What does not fit, and is taken nevertheless, becomes the furthest branch back.
  const isFar = words < -CONDITION_REACH || words >= CONDITION_REACH;
  e.emit(bCond(CONDITION[row.index!]!, (isFar ? -CONDITION_REACH : words) * 4));
}

function compareImm(e: Emitter, is64: Is64, d: Reg, imm: number): void {
  if (isAddSubImm(imm)) e.emit(cmpImm(is64, d, imm));
  else if (isAddSubImm(-imm)) e.emit(cmnImm(is64, d, -imm));
  else {
    movImm(e, is64, TMP1, imm);
    e.emit(cmpReg(is64, d, TMP1));
  }
}

function testImm(e: Emitter, is64: Is64, d: Reg, imm: number): void {
  const encoded = tstImm(is64, d, imm);
  if (!isRefusal(encoded)) {
    e.emit(encoded);
    return;
  }
  movImm(e, is64, TMP1, imm);
  e.emit(tstReg(is64, d, TMP1));
}
