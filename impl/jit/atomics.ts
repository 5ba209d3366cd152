// Atomic operations: one instruction where the CPU has LSE, else a loop of load-exclusive and store-exclusive.

import type { Insn } from "../../spec/bpf/insn.js";
import type { AtomicOp, AtomicRow } from "../../spec/bpf/isa.js";
import { addReg, mov } from "../a64/add-sub.js";
import * as lse from "../a64/atomic.js";
import { ACQUIRE_RELEASE, ldxr, stlxr, stxr } from "../a64/atomic.js";
import { cbnz } from "../a64/branch.js";
import { andReg, eorReg, mvn, orrReg } from "../a64/logical.js";
import type { Is64, Reg } from "../a64/registers.js";
import { DMB_ISH } from "../a64/system.js";
import type { Word } from "../a64/word.js";
import { movImm } from "./constant.js";
import type { Emitter } from "./emitter.js";
import { addExceptionEntry } from "./exception-table.js";
import { ARENA_BASE, AX, mapped, R0, TMP1, TMP2, TMP3 } from "./registers.js";

export function lowerAtomic(e: Emitter, row: AtomicRow, insn: Insn, pc: number): void {
  if (row.mode === "arena" && !e.env.lse) {
    e.fail({ kind: "unsupportedAtomic", pc });
    return;
  }
  const is64 = row.size === 8 ? 1 : 0;
  const address = addressOf(e, row, insn);
  if (e.env.lse) single(e, row, is64, mapped(insn.src), address);
  else loop(e, row, is64, mapped(insn.src), address);
  if (row.mode === "arena") addExceptionEntry(e, pc, undefined);
}

function addressOf(e: Emitter, row: AtomicRow, insn: Insn): Reg {
  let address = mapped(insn.dst);
  if (insn.off !== 0) {
    movImm(e, 1, TMP1, insn.off);
    e.emit(addReg(1, TMP1, TMP1, address));
    address = TMP1;
  }
  if (row.mode === "arena") {
    e.emit(addReg(1, TMP1, address, ARENA_BASE));
    address = TMP1;
  }
  const result = row.op === "cmpxchg" ? R0 : mapped(insn.src);
  if (!e.env.lse && row.fetch && address === result && !e.env.quirks.exclusiveAliasedBase) {
    e.emit(mov(1, TMP1, address));
    address = TMP1;
  }
  return address;
}

function single(e: Emitter, { op, fetch }: AtomicRow, is64: Is64, s: Reg, a: Reg): void {
  switch (op) {
    case "add":
      e.emit(fetch ? lse.ldadd(is64, ACQUIRE_RELEASE, s, s, a) : lse.stadd(is64, s, a));
      return;
    case "or":
      e.emit(fetch ? lse.ldset(is64, ACQUIRE_RELEASE, s, s, a) : lse.stset(is64, s, a));
      return;
    case "xor":
      e.emit(fetch ? lse.ldeor(is64, ACQUIRE_RELEASE, s, s, a) : lse.steor(is64, s, a));
      return;
    case "and":
      e.emit(mvn(is64, TMP2, s));
      e.emit(fetch ? lse.ldclr(is64, ACQUIRE_RELEASE, TMP2, s, a) : lse.stclr(is64, TMP2, a));
      return;
    case "xchg":
      e.emit(lse.swp(is64, ACQUIRE_RELEASE, s, s, a));
      return;
    case "cmpxchg":
      e.emit(lse.casal(is64, R0, s, a));
      return;
    default:
      op satisfies never;
  }
}

/** What a loop computes between its load and its store. */
function combine(op: Exclude<AtomicOp, "xchg" | "cmpxchg">, is64: Is64, rd: Reg, rn: Reg, rm: Reg): Word {
  switch (op) {
    case "add":
      return addReg(is64, rd, rn, rm);
    case "or":
      return orrReg(is64, rd, rn, rm);
    case "and":
      return andReg(is64, rd, rn, rm);
    case "xor":
      return eorReg(is64, rd, rn, rm);
    default:
      return op satisfies never;
  }
}

function loop(e: Emitter, { op, fetch }: AtomicRow, is64: Is64, s: Reg, a: Reg): void {
  if (op === "xchg") {
    e.emit(mov(is64, TMP2, s));
    e.emit(ldxr(is64, s, a));
    storeOrRetry(e, stlxr(is64, TMP3, TMP2, a), -2);
  } else if (op === "cmpxchg") {
    e.emit(mov(is64, TMP2, R0));
    e.emit(ldxr(is64, R0, a));
    e.emit(eorReg(is64, TMP3, R0, TMP2));
    e.emit(cbnz(is64, TMP3, 4 * 4));
    storeOrRetry(e, stlxr(is64, TMP3, s, a), -4);
  } else if (fetch) {
    e.emit(mov(is64, AX, s));
    e.emit(ldxr(is64, s, a));
    e.emit(combine(op, is64, TMP2, s, AX));
    storeOrRetry(e, stlxr(is64, TMP3, TMP2, a), -3);
  } else {
    e.emit(ldxr(is64, TMP2, a));
    e.emit(combine(op, is64, TMP2, TMP2, s));
    e.emit(stxr(is64, TMP3, TMP2, a));
    e.emit(cbnz(0, TMP3, -3 * 4));
    return;
  }
  e.emit(DMB_ISH);
}

function storeOrRetry(e: Emitter, store: Word, words: number): void {
  e.emit(store);
  e.emit(cbnz(0, TMP3, words * 4));
}
