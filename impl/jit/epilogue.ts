// The way out of a function, and the jump behind it that a far trampoline is reached through.

import { addImm, subsImm } from "../a64/add-sub.js";
import { b, bCond, br, COND, ret } from "../a64/branch.js";
import { ldrLiteral, pop } from "../a64/load-store.js";
import { orrImm } from "../a64/logical.js";
import { FP, LR, reg, SP, ZR } from "../a64/registers.js";
import { AUTIASP, CLEARBHB, DSB_ISH, HVC_0, ISB, NOP, SMC_0 } from "../a64/system.js";
import { lower, movImm64, upper } from "./constant.js";
import type { Emitter } from "./emitter.js";
import type { BranchHistory } from "./env.js";
import { RETURNED, TAIL_CALL_COUNTER, TMP1 } from "./registers.js";

/** Number of the firmware call that mitigates Spectre-BHB: SMCCC_ARCH_WORKAROUND_3. */
const WORKAROUND = 0x8000_3fff;
/** The 64-bit address behind the jump, which `jitedBytes` does not count. */
export const PLT_LITERAL_BYTES = 8;
const KERNEL_TOP = 0xffff_0000;

/** Give back the BPF stack and the callee-saved registers: what a return and a tail call have in common. */
export function leaveFrame(e: Emitter): void {
  const { stackBytes, argumentBytes, popped } = e.frame;
  if (argumentBytes !== 0) e.emit(addImm(1, SP, SP, argumentBytes));
  if (stackBytes !== 0 && e.fn.privateStack === undefined) e.emit(addImm(1, SP, SP, stackBytes));
  for (const [first, second] of popped) e.emit(pop(first, second));
}

export function buildEpilogue(e: Emitter): void {
  leaveFrame(e);
  e.emit(pop(ZR, TAIL_CALL_COUNTER));
  if (e.fn.wasClassic === true && e.env.branchHistory !== undefined) forgetBranches(e, e.env.branchHistory);
  e.emit(pop(FP, LR));
  e.emit(e.mov(1, RETURNED, e.r0));
  if (e.env.pac) e.emit(AUTIASP);
  e.emit(ret(LR));
}

function forgetBranches(e: Emitter, { clear, firmware }: BranchHistory): void {
  if (clear === "hint") {
    e.emit(CLEARBHB);
    return;
  }
  const x0 = reg(0);
  if (clear !== undefined) {
    movImm64(e, x0, 0, clear.loops);
    e.emit(b(4));
    e.emit(subsImm(1, x0, x0, 1));
    e.emit(bCond(COND.ne, -2 * 4));
    e.emit(DSB_ISH);
    e.emit(ISB);
  }
  if (firmware !== undefined) {
    e.emit(orrImm(0, x0, ZR, WORKAROUND));
    e.emit(firmware === "hvc" ? HVC_0 : SMC_0);
  }
}

/** The literal lies on an 8-byte boundary, given that the image does. */
export function buildPlt(e: Emitter): void {
  if (e.words % 2 !== 0) e.emit(NOP);
  e.emit(ldrLiteral(1, TMP1, 8));
  e.emit(br(TMP1));
  if (!e.hasImage) return;
  e.setData(e.words, lower(e.env.dummyTramp));
  e.setData(e.words + 1, KERNEL_TOP | upper(e.env.dummyTramp));
}
