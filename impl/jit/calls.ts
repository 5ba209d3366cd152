// Calls of helpers, kernel functions and other functions of the program, and loads of function addresses.

import { type Insn, lddwHalves } from "../../spec/bpf/insn.js";
import type { CallRow, LddwRow } from "../../spec/bpf/isa.js";
import { BRANCH_REACH, bl, blr } from "../a64/branch.js";
import { isScaledOffset, ldrImm, ldrReg } from "../a64/load-store.js";
import { mrs, SYSREG } from "../a64/system.js";
import { lower, movAddress, movImm, movImm64, upper } from "./constant.js";
import type { CodeSink, Emitter } from "./emitter.js";
import { RETURNED, TMP1, TMP2 } from "./registers.js";

const WORD_SIZE = 2;

export function lowerCall(e: Emitter, row: CallRow, insn: Insn, pc: number): void {
  if (row.target === "helper" && isInlined(e, insn.imm)) return;
  const target = row.target === "local" ? functionAddress(e, insn.off, pc) : e.env.callBase + insn.imm;
  call(e, target ?? 0);
  e.emit(e.mov(1, e.r0, RETURNED));
}

/** Low 48 bits, or undefined before all functions are compiled. */
function functionAddress(e: Emitter, index: number, pc: number): number | undefined {
  if (e.addresses === undefined) return undefined;
  const address = e.addresses[index];
  if (address === undefined) e.fail({ kind: "badCallee", pc, index });
  return address;
}

/** Low 48 bits of the target; 0 is not known yet and takes as many words as the longest call. TMP1 may be overwritten. */
export function call(e: CodeSink, target: number): void {
  const distance = target - e.here();
  if (e.hasImage && target !== 0 && distance >= -BRANCH_REACH && distance < BRANCH_REACH) {
    e.emit(bl(distance));
    return;
  }
  movAddress(e, TMP1, upper(target), lower(target));
  e.emit(blr(TMP1));
}

/** Emit the helper's body in place of the call, if it is one of those whose bodies are a word or two. */
function isInlined(e: Emitter, id: number): boolean {
  const { smpProcessorId, currentTask } = e.env.inlined;
  if (smpProcessorId.includes(id)) {
    const offset = e.env.offsets.threadCpu;
    e.emit(mrs(TMP1, SYSREG.spEl0));
    if (isScaledOffset(WORD_SIZE, offset)) e.emit(ldrImm(WORD_SIZE, e.r0, TMP1, offset));
    else {
      movImm(e, 1, TMP2, offset);
      e.emit(ldrReg(WORD_SIZE, e.r0, TMP1, TMP2));
    }
    return true;
  }
  if (!currentTask.includes(id)) return false;
  e.emit(mrs(e.r0, SYSREG.spEl0));
  return true;
}

/** Two slots. The address of a function takes three words always, since it changes between rounds. */
export function lowerLddw(e: Emitter, row: LddwRow, insn: Insn, pc: number): void {
  const d = e.reg(insn.dst);
  if (row.source === "code") {
    const address = functionAddress(e, insn.off, pc) ?? e.env.modulesBase;
    movAddress(e, d, upper(address), lower(address));
    return;
  }
  const { high, low } = lddwHalves(e.fn.insns, pc);
  movImm64(e, d, high, low);
}
