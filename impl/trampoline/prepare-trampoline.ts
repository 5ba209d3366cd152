// The code of a trampoline, in order: frames, arguments, fentry programs, fmod_ret programs, the original function, fexit
// programs, and the way back. Runs once to count the words and once to write them.

import { addImm, mov, subImm } from "../a64/add-sub.js";
import { adr, cbnz, cbz, ret } from "../a64/branch.js";
import { ldrImm, pop, push, strImm } from "../a64/load-store.js";
import { movz } from "../a64/move-wide.js";
import { FP, LR, type Reg, reg, SP, X, ZR } from "../a64/registers.js";
import { BTI_JC } from "../a64/system.js";
import { call } from "../jit/calls.js";
import { lower, movAddress, movImm64, upper } from "../jit/constant.js";
import type { Halves } from "../jit/function.js";
import type { TrampEmitter } from "./emitter.js";
import type { TrampolineEnv } from "./env.js";
import { type TrampFrame, trampFrame } from "./frame.js";
import { bpfTrampolineEnterExit, type TrampFlags, type TrampLink, type TrampLinks } from "./links.js";

/** log2 of the bytes of a register. */
const DOUBLEWORD = 3;
const X0 = reg(0);
const X1 = reg(1);
const X2 = reg(2);
/** Holds the caller's return address when a patched function calls the trampoline. */
const PARENT_LR = reg(9);
const TMP = reg(10);
/** Survive the calls of a program and of what is around it: the program's object, and what enter returned. */
const PROG = reg(19);
const START = reg(20);

export interface TrampPlan {
  readonly env: TrampolineEnv;
  readonly links: TrampLinks;
  readonly flags: TrampFlags;
  /** At most 8. */
  readonly nregs: number;
  /** Low 48 bits of the address of the function. */
  readonly func: number;
  /** The address of the trampoline's record: on the heap, so all 64 bits count. */
  readonly im: Halves;
}

/** Word indexes of the two places that a release needs; undefined without a call of the original. */
export interface TrampMarks {
  readonly afterCall: number | undefined;
  readonly epilogue: number | undefined;
}

/** @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, prepare_trampoline() */
export function prepareTrampoline(e: TrampEmitter, plan: TrampPlan): TrampMarks {
  const { env, links, flags } = plan;
  const frame = trampFrame(plan.nregs, flags);
  enterFrames(e, plan, frame);
  if (flags.callOrig) callWithImage(e, plan, env.original.enter);
  for (const link of links.fentry) invokeBpfProg(e, env, frame, link, flags.retFentryRet);
  const decided = links.fmodRet.length > 0 ? invokeBpfModRet(e, env, frame, links.fmodRet) : [];
  const afterCall = flags.callOrig ? callOriginal(e, frame) : undefined;
  for (const at of decided) e.patch(at, cbnz(1, TMP, (e.words - at) * 4));
  for (const link of links.fexit) invokeBpfProg(e, env, frame, link, false);
  const epilogue = flags.callOrig ? e.words : undefined;
  if (flags.callOrig) callWithImage(e, plan, env.original.exit);
  if (flags.restoreRegs) eachArg(e, frame, ldrImm);
  leaveFrames(e, plan, frame);
  return { afterCall, epilogue };
}

function enterFrames(e: TrampEmitter, { env, links, flags, nregs, func }: TrampPlan, frame: TrampFrame): void {
  if (env.bti) e.emit(BTI_JC);
  // Called through a pointer, nobody has set x9.
  if (!links.structOps) pushFrame(e, PARENT_LR);
  pushFrame(e, LR);
  e.emit(subImm(1, SP, SP, frame.bytes));
  if (flags.ipArg) {
    movAddress(e, TMP, upper(func), lower(func));
    store(e, TMP, frame.ip);
  }
  e.emit(movz(1, TMP, nregs, 0));
  store(e, TMP, frame.nregsAt);
  eachArg(e, frame, strImm);
  store(e, PROG, frame.regs);
  store(e, START, frame.regs + 8);
}

function leaveFrames(e: TrampEmitter, { links, flags }: TrampPlan, frame: TrampFrame): void {
  load(e, PROG, frame.regs);
  load(e, START, frame.regs + 8);
  if (frame.saveRet) load(e, X0, frame.retval);
  e.emit(mov(1, SP, FP));
  e.emit(pop(FP, LR));
  if (links.structOps) {
    e.emit(ret(LR));
    return;
  }
  e.emit(pop(FP, PARENT_LR));
  if (flags.skipFrame) {
    e.emit(mov(1, LR, PARENT_LR));
    e.emit(ret(PARENT_LR));
  } else {
    e.emit(mov(1, TMP, LR));
    e.emit(mov(1, LR, PARENT_LR));
    e.emit(ret(TMP));
  }
}

/** @returns word index of the place behind the call, where a release puts a branch. */
function callOriginal(e: TrampEmitter, frame: TrampFrame): number {
  eachArg(e, frame, ldrImm);
  load(e, TMP, frame.retaddr);
  // To the word behind the return, which here is the call.
  e.emit(adr(LR, 8));
  e.emit(ret(TMP));
  store(e, X0, frame.retval);
  return e.reserve();
}

function callWithImage(e: TrampEmitter, { im }: TrampPlan, target: number): void {
  e.unknownConstant(X0, im);
  call(e, target);
}

/** Each program may decide the result: then the rest of them, and the function, do not run. @returns words to patch. */
function invokeBpfModRet(
  e: TrampEmitter,
  env: TrampolineEnv,
  frame: TrampFrame,
  links: readonly TrampLink[],
): readonly number[] {
  store(e, ZR, frame.retval);
  return links.map((link) => {
    invokeBpfProg(e, env, frame, link, true);
    load(e, TMP, frame.retval);
    return e.reserve();
  });
}

/** Enter, the program unless enter said no, exit. */
function invokeBpfProg(
  e: TrampEmitter,
  env: TrampolineEnv,
  frame: TrampFrame,
  link: TrampLink,
  saveRet: boolean,
): void {
  const { enter, exit } = bpfTrampolineEnterExit(env, link);
  const { high, low } = link.cookie;
  if (high === 0 && low === 0) store(e, ZR, frame.runCtx);
  else {
    movImm64(e, TMP, high, low);
    store(e, TMP, frame.runCtx);
  }
  movAddress(e, PROG, upper(link.prog), lower(link.prog));
  e.emit(mov(1, X0, PROG));
  e.emit(addImm(1, X1, SP, frame.runCtx));
  call(e, enter);
  // Exit gets it even if it is 0.
  e.emit(mov(1, START, X0));
  const skip = e.reserve();
  e.emit(addImm(1, X0, SP, frame.args));
  if (!link.jited) movAddress(e, X1, upper(link.insnsi), lower(link.insnsi));
  call(e, link.bpfFunc);
  if (saveRet) store(e, X0, frame.retval);
  e.patch(skip, cbz(1, X0, (e.words - skip) * 4));
  e.emit(mov(1, X0, PROG));
  e.emit(mov(1, X1, START));
  e.emit(addImm(1, X2, SP, frame.runCtx));
  call(e, exit);
}

/** A frame record that says: called from `lr`. */
function pushFrame(e: TrampEmitter, lr: Reg): void {
  e.emit(push(FP, lr));
  e.emit(mov(1, FP, SP));
}

function eachArg(e: TrampEmitter, { nregs, args }: TrampFrame, access: typeof ldrImm): void {
  for (let i = 0; i < nregs; i++) e.emit(access(DOUBLEWORD, X[i]!, SP, args + 8 * i));
}

const store = (e: TrampEmitter, rt: Reg, offset: number): void => e.emit(strImm(DOUBLEWORD, rt, SP, offset));
const load = (e: TrampEmitter, rt: Reg, offset: number): void => e.emit(ldrImm(DOUBLEWORD, rt, SP, offset));
