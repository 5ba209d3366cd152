// Loads and stores. Through the frame pointer they are spelled with SP, whose offsets are positive, where the field
// reaches; an offset that no field holds goes through a register.

import type { Insn } from "../../spec/bpf/insn.js";
import type { LoadRow, Size, StoreImmRow, StoreRow } from "../../spec/bpf/isa.js";
import { addReg } from "../a64/add-sub.js";
import {
  isScaledOffset,
  ldrImm,
  ldrReg,
  ldrsImm,
  ldrsReg,
  type SignedSizeLog,
  type SizeLog,
  strImm,
  strReg,
} from "../a64/load-store.js";
import { type Reg, SP } from "../a64/registers.js";
import { movImm } from "./constant.js";
import type { Emitter } from "./emitter.js";
import { addExceptionEntry } from "./exception-table.js";
import { ARENA_BASE, BPF_FP, mapped, TMP1, TMP2, TMP3 } from "./registers.js";

const sizeLog = (size: Size): SizeLog => (size === 8 ? 3 : size === 4 ? 2 : size === 2 ? 1 : 0);

export function lowerLoad(e: Emitter, row: LoadRow, insn: Insn, pc: number): void {
  const d = mapped(insn.dst);
  const size = sizeLog(row.size);
  const base = row.mode === "arena" ? arenaAddress(e, TMP2, mapped(insn.src)) : mapped(insn.src);
  const direct = base === BPF_FP ? SP : base;
  const offset = base === BPF_FP ? insn.off + e.frame.stackBytes : insn.off;
  if (isScaledOffset(size, offset)) {
    e.emit(row.signed ? ldrsImm(size as SignedSizeLog, d, direct, offset) : ldrImm(size, d, direct, offset));
  } else {
    movImm(e, 1, TMP1, insn.off);
    e.emit(row.signed ? ldrsReg(size as SignedSizeLog, d, base, TMP1) : ldrReg(size, d, base, TMP1));
  }
  if (row.mode !== "mem") addExceptionEntry(e, pc, d);
}

export function lowerStore(e: Emitter, row: StoreRow, insn: Insn, pc: number): void {
  const base = row.mode === "arena" ? arenaAddress(e, TMP2, mapped(insn.dst)) : mapped(insn.dst);
  store(e, sizeLog(row.size), mapped(insn.src), base, insn.off, TMP1);
  if (row.mode !== "mem") addExceptionEntry(e, pc, undefined);
}

export function lowerStoreImm(e: Emitter, row: StoreImmRow, insn: Insn, pc: number): void {
  // TMP1 is taken by the value and TMP2 may be taken by the offset, which with the defect on is the base as well.
  const temporary = e.env.quirks.arenaStoreImmBase ? TMP2 : TMP3;
  const base = row.mode === "arena" ? arenaAddress(e, temporary, mapped(insn.dst)) : mapped(insn.dst);
  movImm(e, 1, TMP1, insn.imm);
  store(e, sizeLog(row.size), TMP1, base, insn.off, TMP2);
  if (row.mode !== "mem") addExceptionEntry(e, pc, undefined);
}

function store(e: Emitter, size: SizeLog, value: Reg, base: Reg, off: number, index: Reg): void {
  const direct = base === BPF_FP ? SP : base;
  const offset = base === BPF_FP ? off + e.frame.stackBytes : off;
  if (isScaledOffset(size, offset)) {
    e.emit(strImm(size, value, direct, offset));
    return;
  }
  movImm(e, 1, index, off);
  e.emit(strReg(size, value, base, index));
}

/** An arena pointer is 32 bits wide: its place in the kernel is the arena's base plus that. */
function arenaAddress(e: Emitter, rd: Reg, pointer: Reg): Reg {
  e.emit(addReg(1, rd, pointer, ARENA_BASE));
  return rd;
}
