// Atomic operations: one instruction where the CPU has LSE, else a loop of load-exclusive and store-exclusive.

import type { Insn } from "../../spec/bpf/insn.js";
import type { AtomicOp, AtomicRow, LoadAcquireRow, Mode, StoreReleaseRow } from "../../spec/bpf/isa.js";
import { addImm, addReg, isAddSubImm, subImm } from "../a64/add-sub.js";
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
import { sizeLog } from "./memory.js";
import { ARENA_BASE, AX, TMP1, TMP2, TMP3 } from "./registers.js";

export function lowerAtomic(e: Emitter, row: AtomicRow, insn: Insn, pc: number): void {
  if (row.mode === "arena" && !e.env.lse) {
    e.fail({ kind: "unsupportedAtomic", pc });
    return;
  }
  const is64 = row.size === 8 ? 1 : 0;
  const address = addressOf(e, row, insn);
  if (e.env.lse) single(e, row, is64, e.reg(insn.src), address);
  else loop(e, row, is64, e.reg(insn.src), address);
  if (row.mode !== "arena") return;
  const old = row.op === "cmpxchg" ? e.r0 : e.reg(insn.src);
  const clear = row.fetch && e.env.changes.arenaWrite ? old : undefined;
  addExceptionEntry(e, pc, clear, { base: insn.dst, off: insn.off, writes: true });
}

export function lowerLoadAcquire(e: Emitter, row: LoadAcquireRow, insn: Insn, pc: number): void {
  if (!takesOrdered(e, row, pc)) return;
  const d = e.reg(insn.dst);
  e.emit(lse.ldar(sizeLog(row.size), d, place(e, row, e.reg(insn.src), insn.off)));
  if (row.mode !== "arena") return;
  // Taken for an atomic operation, whose base is its destination and which has no result.
  const [clear, base] = e.env.quirks.acquireKeepsRegister ? [undefined, insn.dst] : [d, insn.src];
  addExceptionEntry(e, pc, clear, { base, off: insn.off, writes: false });
}

export function lowerStoreRelease(e: Emitter, row: StoreReleaseRow, insn: Insn, pc: number): void {
  if (!takesOrdered(e, row, pc)) return;
  e.emit(lse.stlr(sizeLog(row.size), e.reg(insn.src), place(e, row, e.reg(insn.dst), insn.off)));
  if (row.mode === "arena") addExceptionEntry(e, pc, undefined, { base: insn.dst, off: insn.off, writes: true });
}

function takesOrdered(e: Emitter, row: LoadAcquireRow | StoreReleaseRow, pc: number): boolean {
  if (!e.env.changes.acquireRelease) e.fail({ kind: "unknownOpcode", pc, opcode: row.opcode });
  return e.env.changes.acquireRelease;
}

/** The register that holds base + offset: none of these instructions has an offset of its own. */
function place(e: Emitter, { mode }: { readonly mode: Mode }, base: Reg, off: number): Reg {
  let address = base;
  if (off !== 0) {
    addOffset(e, base, off);
    address = TMP1;
  }
  if (mode === "arena") {
    e.emit(addReg(1, TMP1, address, ARENA_BASE));
    address = TMP1;
  }
  return address;
}

function addOffset(e: Emitter, base: Reg, off: number): void {
  if (!e.env.changes.atomicOffsetImm) {
    movImm(e, 1, TMP1, off);
    e.emit(addReg(1, TMP1, TMP1, base));
  } else if (isAddSubImm(off)) e.emit(addImm(1, TMP1, base, off));
  else if (isAddSubImm(-off)) e.emit(subImm(1, TMP1, base, -off));
  else {
    movImm(e, 1, TMP1, off);
    e.emit(addReg(1, TMP1, base, TMP1));
  }
}

function addressOf(e: Emitter, row: AtomicRow, insn: Insn): Reg {
  let address = place(e, row, e.reg(insn.dst), insn.off);
  const result = row.op === "cmpxchg" ? e.r0 : e.reg(insn.src);
  if (!e.env.lse && row.fetch && address === result && !e.env.quirks.exclusiveAliasedBase) {
    e.emit(e.mov(1, TMP1, address));
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
      e.emit(lse.casal(is64, e.r0, s, a));
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
    e.emit(e.mov(is64, TMP2, s));
    e.emit(ldxr(is64, s, a));
    storeOrRetry(e, stlxr(is64, TMP3, TMP2, a), -2);
  } else if (op === "cmpxchg") {
    e.emit(e.mov(is64, TMP2, e.r0));
    e.emit(ldxr(is64, e.r0, a));
    e.emit(eorReg(is64, TMP3, e.r0, TMP2));
    e.emit(cbnz(is64, TMP3, 4 * 4));
    storeOrRetry(e, stlxr(is64, TMP3, s, a), -4);
  } else if (fetch) {
    e.emit(e.mov(is64, AX, s));
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
