// One pass over the instructions: each row kind goes to its lowering, and the offset table learns where each slot begins.

import type { Insn } from "../../spec/bpf/insn.js";
import type { KernelRow } from "../../spec/bpf/isa.js";
import { br } from "../a64/branch.js";
import { DSB_NSH, ISB } from "../a64/system.js";
import { lowerAlu, lowerCastUser, lowerEnd, lowerMovsx, lowerNeg, lowerPercpu } from "./alu.js";
import { lowerAtomic, lowerLoadAcquire, lowerStoreRelease } from "./atomics.js";
import { lowerCall, lowerLddw } from "./calls.js";
import type { Draft } from "./draft.js";
import type { Emitter } from "./emitter.js";
import { lowerExit, lowerJa, lowerJump } from "./jump.js";
import { lowerLoad, lowerStore, lowerStoreImm } from "./memory.js";
import { lowerTailCall } from "./tail-call.js";
import { traitsOf } from "./traits.js";

/** Stops at the first instruction that cannot be lowered; see `Emitter.error`. */
export function buildBody(e: Emitter): void {
  const { insns } = e.fn;
  const { offsets } = e;
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn;
    offsets[pc] = e.words;
    lower(e, insn, pc);
    if (e.error !== undefined) return;
    if (insn.row.kind === "lddw") {
      pc++;
      offsets[pc] = e.words;
    }
  }
  offsets[insns.length] = e.words;
}

/** The same where only the place is another than in the pass before: calls alone take more or fewer words then. */
export function moveBody(e: Emitter): void {
  const { insns } = e.fn;
  const { offsets } = e;
  let before = offsets[0] as number;
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn;
    const next = offsets[pc + 1] as number;
    offsets[pc] = e.words;
    if (traitsOf(insn.row).isAboutPlace) lower(e, insn, pc);
    else e.words += next - before;
    before = next;
  }
  offsets[insns.length] = e.words;
}

/** The same with the words of the first pass, where they are the same in every pass. */
export function finishBody(e: Emitter, { words, offsets: drafted }: Draft): void {
  const { insns } = e.fn;
  const { offsets } = e;
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn;
    offsets[pc] = e.words;
    // The second slot of a constant has none.
    if (traitsOf(insn.row).isFixed) e.take(words, drafted[pc] as number, drafted[pc + 1] as number);
    else lower(e, insn, pc);
    if (e.error !== undefined) return;
  }
  offsets[insns.length] = e.words;
}

function lower(e: Emitter, insn: Insn, pc: number): void {
  const { row } = insn;
  switch (row.kind) {
    case "alu":
      lowerAlu(e, row, insn);
      return;
    case "neg":
      lowerNeg(e, row, insn);
      return;
    case "movsx":
      lowerMovsx(e, row, insn);
      return;
    case "end":
      lowerEnd(e, row, insn);
      return;
    case "ja":
      lowerJa(e, row, insn, pc);
      return;
    case "jump":
      lowerJump(e, row, insn, pc);
      return;
    case "call":
      lowerCall(e, row, insn, pc);
      return;
    case "exit":
      lowerExit(e, pc);
      return;
    case "lddw":
      lowerLddw(e, row, insn, pc);
      return;
    case "lddwHigh":
      e.fail({ kind: "unknownOpcode", pc, opcode: row.opcode });
      return;
    case "load":
      lowerLoad(e, row, insn, pc);
      return;
    case "storeImm":
      lowerStoreImm(e, row, insn, pc);
      return;
    case "store":
      lowerStore(e, row, insn, pc);
      return;
    case "atomic":
      lowerAtomic(e, row, insn, pc);
      return;
    case "loadAcquire":
      lowerLoadAcquire(e, row, insn, pc);
      return;
    case "storeRelease":
      lowerStoreRelease(e, row, insn, pc);
      return;
    case "legacyLoad":
    case "mayGoto":
    case "stackArgument":
      // A verifier has put a call, a counter on the stack, or an access whose base is R11 in its place.
      e.fail({ kind: "unknownOpcode", pc, opcode: row.opcode });
      return;
    case "gotox":
      if (e.env.changes.gotox) e.emit(br(e.reg(insn.dst)));
      else e.fail({ kind: "unknownOpcode", pc, opcode: row.opcode });
      return;
    case "kernel":
      lowerKernel(e, row, insn, pc);
      return;
    default:
      row satisfies never;
  }
}

function lowerKernel(e: Emitter, row: KernelRow, insn: Insn, pc: number): void {
  switch (row.op) {
    case "tailCall":
      lowerTailCall(e);
      return;
    case "percpu":
      lowerPercpu(e, insn);
      return;
    case "castUser":
      lowerCastUser(e, insn);
      return;
    case "castKernel":
      // A verifier has put a 32-bit move in its place.
      e.fail({ kind: "unknownOpcode", pc, opcode: row.opcode });
      return;
    case "nospec":
      // No barrier was thought to be needed at first.
      if (!e.env.changes.speculationBarrier) return;
      e.emit(DSB_NSH);
      e.emit(ISB);
      return;
    default:
      row.op satisfies never;
  }
}
