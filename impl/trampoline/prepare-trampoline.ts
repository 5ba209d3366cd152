// The code of a trampoline, in order: frames, arguments, fentry programs, fmod_ret programs, the original function, fexit
// programs, and the way back. Runs once to count the words and once to write them.

import { addImm, mov, subImm } from "../a64/add-sub.js";
import { lslImm, lsrImm } from "../a64/bitfield.js";
import { adr, cbnz, cbz, ret } from "../a64/branch.js";
import { ldrImm, pop, push, strImm } from "../a64/load-store.js";
import { movOrr } from "../a64/logical.js";
import { movz } from "../a64/move-wide.js";
import { FP, LR, type Reg, reg, SP, X, ZR } from "../a64/registers.js";
import { BTI_JC, NOP } from "../a64/system.js";
import { call } from "../jit/calls.js";
import { lower, movAddress, movImm64, upper } from "../jit/constant.js";
import type { Halves } from "../jit/function.js";
import type { TrampEmitter } from "./emitter.js";
import type { TrampolineEnv } from "./env.js";
import { type TrampFrame, trampFrame } from "./frame.js";
import { type ArgAux, bpfTrampolineEnterExit, type TrampFlags, type TrampLink, type TrampLinks } from "./links.js";

/** log2 of the bytes of a register. */
const DOUBLEWORD = 3;
const FRAME_RECORD_BYTES = 16;
/** Of the word below the arguments: bit 63, in its upper half, and where bytes of a program's own are told. */
const IS_RETURN = 0x8000_0000;
const KEPT_SHIFT = 8;
/** Where arguments on the stack lie for the function, from SP. */
const PASSED = 0;
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
  readonly args: ArgAux;
  /** Low 48 bits of the address of the function. */
  readonly func: number;
  /** The address of the trampoline's record: on the heap, so all 64 bits count. */
  readonly im: Halves;
}

/**
 * Word indexes of the two places that a release needs, the first one behind the call, where it puts a branch; undefined
 * without a call of the original, and since 7.2, where each program can be passed over by itself.
 */
export interface TrampMarks {
  readonly afterCall: number | undefined;
  readonly epilogue: number | undefined;
}

/** @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, prepare_trampoline() */
export function prepareTrampoline(e: TrampEmitter, plan: TrampPlan): TrampMarks {
  const { env, links, flags, args } = plan;
  const keeping = links.fentry.filter(({ session }) => session?.keeps === true).length;
  const isSession = links.fentry.some(({ session }) => session !== undefined);
  const nregs = args.registers + args.stack.length;
  const frame = trampFrame(nregs, flags, { stackWords: args.stack.length, keeping });
  enterFrames(e, plan, frame);
  if (flags.callOrig) callWithImage(e, plan, env.original.enter);
  if (isSession) clearKept(e, frame, keeping);
  invokeEach(e, plan, frame, links.fentry, { meta: { high: 0, low: nregs }, saveRet: flags.retFentryRet });
  const decided = links.fmodRet.length > 0 ? invokeBpfModRet(e, env, frame, links.fmodRet) : [];
  if (flags.callOrig) callOriginal(e, args, frame);
  const isReleased = flags.callOrig && !env.changes.trampolineSkips;
  const afterCall = isReleased ? e.reserve() : undefined;
  for (const at of decided) e.patch(at, cbnz(1, TMP, (e.words - at) * 4));
  const meta = { high: IS_RETURN, low: nregs };
  if (isSession) storeMeta(e, frame, meta);
  invokeEach(e, plan, frame, links.fexit, { meta, saveRet: false });
  const epilogue = isReleased ? e.words : undefined;
  if (flags.callOrig) callWithImage(e, plan, env.original.exit);
  if (flags.restoreRegs) eachArg(e, args, frame, ldrImm);
  leaveFrames(e, plan, frame);
  return { afterCall, epilogue };
}

function enterFrames(e: TrampEmitter, { env, links, flags, args, func }: TrampPlan, frame: TrampFrame): void {
  if (env.bti) e.emit(BTI_JC);
  // Called through a pointer, nobody has set x9.
  if (!links.structOps) pushFrame(e, PARENT_LR);
  pushFrame(e, LR);
  e.emit(subImm(1, SP, SP, frame.bytes));
  if (flags.ipArg) {
    movAddress(e, TMP, upper(func), lower(func));
    store(e, TMP, frame.ip);
  }
  if (env.changes.metaInHalf) storeMeta(e, frame, { high: 0, low: frame.nregs });
  else {
    e.emit(movz(1, TMP, frame.nregs, 0));
    store(e, TMP, frame.nregsAt);
  }
  eachArg(e, args, frame, strImm);
  const frames = links.structOps && !env.quirks.memberArguments ? 1 : 2;
  saveStackArgs(e, args, frame.args + 8 * args.registers, { frames, isForCall: false });
  store(e, PROG, frame.regs);
  store(e, START, frame.regs + 8);
}

function leaveFrames(e: TrampEmitter, { env, links, flags }: TrampPlan, frame: TrampFrame): void {
  const move = movesOf(env);
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
    e.emit(move(1, LR, PARENT_LR));
    e.emit(ret(PARENT_LR));
  } else {
    e.emit(move(1, TMP, LR));
    e.emit(move(1, LR, PARENT_LR));
    e.emit(ret(TMP));
  }
}

function callOriginal(e: TrampEmitter, args: ArgAux, frame: TrampFrame): void {
  eachArg(e, args, frame, ldrImm);
  saveStackArgs(e, args, PASSED, { frames: 2, isForCall: true });
  load(e, TMP, frame.retaddr);
  // To the word behind the return, which here is the call.
  e.emit(adr(LR, 8));
  e.emit(ret(TMP));
  store(e, X0, frame.retval);
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
  const move = movesOf(env);
  // To be passed over, once the program is detached.
  if (env.changes.trampolineSkips) e.emit(NOP);
  const { high, low } = link.cookie;
  if (high === 0 && low === 0) store(e, ZR, frame.runCtx);
  else {
    movImm64(e, TMP, high, low);
    store(e, TMP, frame.runCtx);
  }
  movAddress(e, PROG, upper(link.prog), lower(link.prog));
  e.emit(move(1, X0, PROG));
  e.emit(addImm(1, X1, SP, frame.runCtx));
  call(e, enter);
  // Exit gets it even if it is 0.
  e.emit(move(1, START, X0));
  const skip = e.reserve();
  e.emit(addImm(1, X0, SP, frame.args));
  if (!link.jited) movAddress(e, X1, upper(link.insnsi), lower(link.insnsi));
  call(e, link.bpfFunc);
  if (saveRet) store(e, X0, frame.retval);
  e.patch(skip, cbz(1, X0, (e.words - skip) * 4));
  e.emit(move(1, X0, PROG));
  e.emit(move(1, X1, START));
  e.emit(addImm(1, X2, SP, frame.runCtx));
  call(e, exit);
}

/** What a program reads below its arguments: how many words they are, where bytes of its own lie, and at the exit bit 63. */
function storeMeta(e: TrampEmitter, frame: TrampFrame, { high, low }: Halves): void {
  movImm64(e, TMP, high, low);
  store(e, TMP, frame.nregsAt);
}

/** The programs of a list; those with bytes of their own are told how many words below their arguments these lie. */
function invokeEach(
  e: TrampEmitter,
  { env }: TrampPlan,
  frame: TrampFrame,
  links: readonly TrampLink[],
  { meta, saveRet }: { readonly meta: Halves; readonly saveRet: boolean },
): void {
  let words = (frame.args - frame.kept) / 8;
  for (const link of links) {
    if (link.session?.keeps === true) storeMeta(e, frame, { ...meta, low: meta.low | (words-- << KEPT_SHIFT) });
    invokeBpfProg(e, env, frame, link, saveRet);
  }
}

function clearKept(e: TrampEmitter, frame: TrampFrame, keeping: number): void {
  e.emit(movz(1, TMP, 0, 0));
  for (let i = 0; i < keeping; i++) store(e, TMP, frame.kept + 8 * i);
  store(e, TMP, frame.retval);
}

/** Copy words that the caller passes on the stack, behind so many frame records; what programs get of them has nothing behind the argument's last byte. */
function saveStackArgs(
  e: TrampEmitter,
  { stack }: ArgAux,
  to: number,
  { frames, isForCall }: { readonly frames: number; readonly isForCall: boolean },
): void {
  const from = frames * FRAME_RECORD_BYTES;
  for (const [i, bytes] of stack.entries()) {
    e.emit(ldrImm(DOUBLEWORD, TMP, FP, from + 8 * i));
    if (!isForCall && bytes < 8) {
      e.emit(lslImm(1, TMP, TMP, 64 - 8 * bytes));
      e.emit(lsrImm(1, TMP, TMP, 64 - 8 * bytes));
    }
    store(e, TMP, to + 8 * i);
  }
}

/** A frame record that says: called from `lr`. */
function pushFrame(e: TrampEmitter, lr: Reg): void {
  e.emit(push(FP, lr));
  e.emit(mov(1, FP, SP));
}

function eachArg(e: TrampEmitter, { registers }: ArgAux, { args }: TrampFrame, access: typeof ldrImm): void {
  for (let i = 0; i < registers; i++) e.emit(access(DOUBLEWORD, X[i]!, SP, args + 8 * i));
}

/** Between registers of which none is SP. */
const movesOf = ({ changes }: TrampolineEnv): typeof mov => (changes.orrMoves ? movOrr : mov);
const store = (e: TrampEmitter, rt: Reg, offset: number): void => e.emit(strImm(DOUBLEWORD, rt, SP, offset));
const load = (e: TrampEmitter, rt: Reg, offset: number): void => e.emit(ldrImm(DOUBLEWORD, rt, SP, offset));
