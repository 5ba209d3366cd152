// Entry of a function. A main program starts the tail-call counter in its own frame; a subprogram keeps its caller's; an
// exception callback takes over the frame of the program that threw.

import { addImm, addReg, mov, subImm } from "../a64/add-sub.js";
import { ldrImm, push } from "../a64/load-store.js";
import { FP, LR, reg, SP, ZR } from "../a64/registers.js";
import { BTI_J, BTI_JC, mrs, NOP, PACIASP, SYSREG } from "../a64/system.js";
import { movImm64 } from "./constant.js";
import type { Emitter } from "./emitter.js";
import { prologueOffset } from "./env.js";
import type { Halves } from "./function.js";
import { ARENA_BASE, AX, BPF_FP, PRIVATE_STACK, TAIL_CALL_COUNTER, TMP1 } from "./registers.js";

const DOUBLE = 3;
/** Where `bpf_throw` passes the frame pointer of the boundary. */
const THROWER_FP = reg(2);
/** Bytes below the boundary's frame record: six pushed pairs. */
const BOUNDARY_SAVED_BYTES = 96;

export function buildPrologue(e: Emitter): void {
  const { env, fn, frame } = e;
  if (env.bti) e.emit(BTI_JC);
  e.emit(e.mov(1, AX, LR));
  // The patch site: a call of a trampoline goes here.
  e.emit(NOP);
  if (fn.exceptionCallback === true) {
    e.emit(e.mov(1, FP, THROWER_FP));
    e.emit(subImm(1, SP, FP, BOUNDARY_SAVED_BYTES));
  } else {
    enterFrame(e);
  }
  if (fn.privateStack !== undefined) {
    // Without the frame pointer nobody looks for it.
    if (frame.usesFp) privateStack(e, fn.privateStack);
  } else {
    if (frame.usesFp) e.emit(mov(1, BPF_FP, SP));
    if (frame.stackBytes !== 0) e.emit(subImm(1, SP, SP, frame.stackBytes));
  }
  if (frame.argumentBytes !== 0) e.emit(subImm(1, SP, SP, frame.argumentBytes));
  if (fn.arena !== undefined) movImm64(e, ARENA_BASE, fn.arena.kernelBase.high, fn.arena.kernelBase.low);
}

function enterFrame(e: Emitter): void {
  const { env, fn, frame } = e;
  if (env.pac) e.emit(PACIASP);
  e.emit(push(FP, LR));
  e.emit(mov(1, FP, SP));
  if (fn.index === 0) {
    e.emit(push(ZR, TAIL_CALL_COUNTER));
    e.emit(mov(1, TAIL_CALL_COUNTER, SP));
  } else if (env.quirks.returnedCallsForgotten) {
    // A count of its own, which begins with its caller's.
    e.emit(ldrImm(DOUBLE, TMP1, TAIL_CALL_COUNTER, 0));
    e.emit(push(TMP1, TAIL_CALL_COUNTER));
    e.emit(mov(1, TAIL_CALL_COUNTER, SP));
  } else {
    e.emit(push(TAIL_CALL_COUNTER, TAIL_CALL_COUNTER));
  }
  if (fn.index === 0 && fn.wasClassic !== true) {
    const expected = prologueOffset(env);
    if (e.words !== expected) e.fail({ kind: "prologueLength", words: e.words, expected });
    // A tail call lands here.
    if (env.bti) e.emit(BTI_J);
  }
  for (const [first, second] of frame.pushed) e.emit(push(first, second));
}

/** This CPU's part of the memory, with the frame pointer at its end. */
function privateStack(e: Emitter, { high, low }: Halves): void {
  const { env, frame } = e;
  movImm64(e, PRIVATE_STACK, high, low);
  e.emit(mrs(TMP1, env.vhe ? SYSREG.tpidrEl2 : SYSREG.tpidrEl1));
  e.emit(addReg(1, PRIVATE_STACK, PRIVATE_STACK, TMP1));
  e.emit(addImm(1, BPF_FP, PRIVATE_STACK, frame.stackBytes));
}
