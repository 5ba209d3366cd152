// Loads and stores. Through the frame pointer they are spelled with SP, whose offsets are positive, where the field
// reaches; an offset that no field holds goes through a register.

import type { Insn } from "../../spec/bpf/insn.js";
import type { LoadRow, Mode, Row, Size, StoreImmRow, StoreRow } from "../../spec/bpf/isa.js";
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
import { FP, type Reg, reg, SP } from "../a64/registers.js";
import { movImm } from "./constant.js";
import type { Emitter } from "./emitter.js";
import { addExceptionEntry } from "./exception-table.js";
import { ARGUMENT_REGISTERS } from "./frame.js";
import { ARENA_BASE, BPF_FP, PRIVATE_STACK, STACK_ARGUMENTS, TMP1, TMP2, TMP3 } from "./registers.js";

export const sizeLog = (size: Size): SizeLog => (size === 8 ? 3 : size === 4 ? 2 : size === 2 ? 1 : 0);

export function lowerLoad(e: Emitter, row: LoadRow, insn: Insn, pc: number): void {
  if (row.mode === "arena" && row.signed && !e.env.changes.arenaSigned) {
    e.fail({ kind: "unknownOpcode", pc, opcode: row.opcode });
    return;
  }
  const d = e.reg(insn.dst);
  if (isStackArgument(e, insn.src)) {
    loadArgument(e, row, d, insn.off, pc);
    return;
  }
  const size = sizeLog(row.size);
  const base = row.mode === "arena" ? arenaAddress(e, TMP2, e.reg(insn.src)) : e.reg(insn.src);
  const direct = directBase(e, base);
  const offset = base === BPF_FP ? insn.off + e.frame.stackBytes + spOffset(e) : insn.off;
  if (isScaledOffset(size, offset)) {
    e.emit(row.signed ? ldrsImm(size as SignedSizeLog, d, direct, offset) : ldrImm(size, d, direct, offset));
  } else {
    movImm(e, 1, TMP1, insn.off);
    e.emit(row.signed ? ldrsReg(size as SignedSizeLog, d, base, TMP1) : ldrReg(size, d, base, TMP1));
  }
  if (row.mode !== "mem") addExceptionEntry(e, pc, d, arenaAccess(row, insn.src, insn.off, false));
}

export function lowerStore(e: Emitter, row: StoreRow, insn: Insn, pc: number): void {
  if (isStackArgument(e, insn.dst)) {
    const index = argumentIndex(e, row, -insn.off, pc);
    const s = e.reg(insn.src);
    if (index < ARGUMENT_REGISTERS) e.emit(e.mov(1, reg(FIRST_ARGUMENT + index), s));
    else e.emit(strImm(DOUBLE, s, SP, 8 * (index - ARGUMENT_REGISTERS)));
    return;
  }
  const base = row.mode === "arena" ? arenaAddress(e, TMP2, e.reg(insn.dst)) : e.reg(insn.dst);
  store(e, sizeLog(row.size), e.reg(insn.src), base, insn.off, TMP1);
  if (row.mode !== "mem") addExceptionEntry(e, pc, undefined, arenaAccess(row, insn.dst, insn.off, true));
}

export function lowerStoreImm(e: Emitter, row: StoreImmRow, insn: Insn, pc: number): void {
  if (isStackArgument(e, insn.dst)) {
    const index = argumentIndex(e, row, -insn.off, pc);
    const inRegister = index < ARGUMENT_REGISTERS;
    movImm(e, 1, inRegister ? reg(FIRST_ARGUMENT + index) : TMP1, insn.imm);
    if (!inRegister) e.emit(strImm(DOUBLE, TMP1, SP, 8 * (index - ARGUMENT_REGISTERS)));
    return;
  }
  // TMP1 is taken by the value and TMP2 may be taken by the offset, which with the defect on is the base as well.
  const temporary = e.env.quirks.arenaStoreImmBase ? TMP2 : TMP3;
  const base = row.mode === "arena" ? arenaAddress(e, temporary, e.reg(insn.dst)) : e.reg(insn.dst);
  movImm(e, 1, TMP1, insn.imm);
  store(e, sizeLog(row.size), TMP1, base, insn.off, TMP2);
  if (row.mode !== "mem") addExceptionEntry(e, pc, undefined, arenaAccess(row, insn.dst, insn.off, true));
}

function store(e: Emitter, size: SizeLog, value: Reg, base: Reg, off: number, index: Reg): void {
  const direct = directBase(e, base);
  const offset = base === BPF_FP ? off + e.frame.stackBytes + spOffset(e) : off;
  if (isScaledOffset(size, offset)) {
    e.emit(strImm(size, value, direct, offset));
    return;
  }
  movImm(e, 1, index, off);
  e.emit(strReg(size, value, base, index));
}

/** What stands for the frame pointer where offsets must be positive: the low end of the BPF stack. */
const directBase = (e: Emitter, base: Reg): Reg =>
  base !== BPF_FP ? base : e.fn.privateStack === undefined ? SP : PRIVATE_STACK;
/** Arguments of calls lie between SP and the BPF stack, if that is not a private one. */
const spOffset = (e: Emitter): number => (e.fn.privateStack === undefined ? e.frame.argumentBytes : 0);

/** Arguments beyond five are spelled as stack slots: at 8, 16, .. for a function's own, at -8, -16, .. for those of a call. */
const isStackArgument = (e: Emitter, base: number): boolean =>
  base === STACK_ARGUMENTS && (e.env.changes.r0InX8 || e.fn.stackArguments !== undefined);
const FIRST_ARGUMENT = 5;
const FRAME_RECORD_BYTES = 16;
const DOUBLE = 3;

function loadArgument(e: Emitter, row: Row, d: Reg, off: number, pc: number): void {
  const index = argumentIndex(e, row, off, pc);
  if (index < ARGUMENT_REGISTERS) e.emit(e.mov(1, d, reg(FIRST_ARGUMENT + index)));
  else e.emit(ldrImm(DOUBLE, d, FP, FRAME_RECORD_BYTES + 8 * (index - ARGUMENT_REGISTERS)));
}

function argumentIndex(e: Emitter, { opcode }: Row, bytes: number, pc: number): number {
  if (!e.env.changes.stackArguments) e.fail({ kind: "unknownOpcode", pc, opcode });
  else if (bytes > 0 && bytes % 8 === 0) return bytes / 8 - 1;
  e.fail({ kind: "badArgument", pc, off: bytes });
  return 0;
}

const arenaAccess = ({ mode }: { readonly mode: Mode }, base: number, off: number, writes: boolean) =>
  mode === "arena" ? { base, off, writes } : undefined;

/** An arena pointer is 32 bits wide: its place in the kernel is the arena's base plus that. */
function arenaAddress(e: Emitter, rd: Reg, pointer: Reg): Reg {
  e.emit(addReg(1, rd, pointer, ARENA_BASE));
  return rd;
}
