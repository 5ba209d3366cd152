// What each operation does: the loop that fetches a word, finds its record and does what it says, one row an operation. It is
// compiled twice: with records by word, for programs that run once, and with records by address, for code that stays.

import {
  BTYPE,
  EXECUTED,
  FETCH_TLB,
  FETCH_TLB_ENTRIES,
  GUARDED,
  LEFT_PAGE,
  NZCV,
  PAGED_TLB,
  PAGED_TLB_ENTRIES,
  PC,
  PENDING,
  PENDING_CLEAN,
  PENDING_INVALIDATE,
  PREVIOUS,
  REGS,
  SLICE_DONE,
  STACK_POINTER,
  STOPPED,
  STOP_BRANCH,
  STOP_BRANCH_TARGET,
  STOP_BREAKPOINT,
  STOP_COMPLETE,
  STOP_MAINTAIN,
  STOP_SYNCHRONIZE,
  TRAPPED,
  UNDER_WAY,
  UNKNOWN_WORD,
} from "../layout";
import {
  loadAs, loadLiteral, loadMoving, loadMovingPair, loadOrdered, loadPair, storeAs, storeMoving, storeMovingPair,
  storeOrdered, storePair,
} from "./access";
import {
  atomic, compareAndSwap, compareAndSwapPair, loadExclusive, loadExclusivePair, storeExclusive, storeExclusivePair,
} from "./atomic";
import {
  adcs32, adcs64, adds32, adds64, ands, carry, crc32, holds, inserted32, inserted64, logical32, logical64, negative,
  overflow, packedFlags, rbit, rev16, sdiv32, sdiv64, setFlags, smulh, subs32, subs64, udiv32, udiv64, umulh, zero,
} from "./data";
import { stop } from "./check";
import { decode } from "./decode";
import { note, pageMask, pageShift, readable, storeTo, TOP_16 } from "./memory";
import { forgetReservation } from "./monitor";
import {
  compared, extended, imm, imm32, otherwise, part, put, putTo, shifted32, shifted64, wa, wm, wn, xa, xd, xm, xn,
} from "./operands";
import { Op, OP, RM, RN } from "./ops";
import { prepare, recordOf } from "./records";

const LR: u32 = 30;
/** The loop goes on elsewhere. */
const BRANCHED: u32 = 0;
const FETCH_MASK: usize = FETCH_TLB_ENTRIES - 1;
const PAGED_MASK: usize = PAGED_TLB_ENTRIES - 1;

/** Where records come from. The two are types, as that is what the compiler makes copies of a function for. */
export type ByWord = i32;
export type ByAddress = f64;

// @ts-ignore: decorator
@inline
export function entryOf<Source>(page: u64): usize {
  if (isFloat<Source>()) return <usize>PAGED_TLB + ((<usize>(page >> pageShift) & PAGED_MASK) << 4);
  return <usize>FETCH_TLB + ((<usize>(page >> pageShift) & FETCH_MASK) << 4);
}

/** What signing adds to LR: never zero, and not undone by adding it again, nor by the tag of another SP. */
function signature(): u64 {
  return (1 + ((load<u64>(REGS + STACK_POINTER * 8) >> 4) % 0x7fff)) << 48;
}

/** Addresses go to JavaScript as low 48 bits, and one that has wrapped out of the kernel's half as a number beyond them. */
function toNumber(pc: u64): f64 {
  return <f64><i64>(pc - TOP_16);
}

function leave(why: u32, pc: u64, previous: u64, executed: u32): u32 {
  store<f64>(PC, toNumber(pc));
  store<f64>(PREVIOUS, toNumber(previous));
  store<u32>(EXECUTED, executed);
  store<u32>(NZCV, packedFlags());
  return why;
}

/** After an indirect branch: what PSTATE.BTYPE is then. */
function markIndirect(record: usize): void {
  if (load<u32>(GUARDED) == 0) return;
  const register: u32 = load<u8>(record, RN);
  const isCall = load<u8>(record, OP) == Op.BLR;
  store<u32>(BTYPE, isCall ? 2 : register == 16 || register == 17 ? 1 : 3);
}

/** May an indirect branch land on the word? It has landed then. PACIASP stands for BTI c, as SCTLR_EL1.BT1 is set. */
export function lands(word: u32): bool {
  const kind = load<u32>(BTYPE);
  let allowed = false;
  if (word == 0xd503_233f || word == 0xd503_237f || word == 0xd503_245f) allowed = kind != 3;
  else if (word == 0xd503_249f) allowed = kind != 2;
  else if (word == 0xd503_24df) allowed = true;
  // Their own exceptions come first.
  else allowed = (word & 0xffe0_001f) == 0xd420_0000 || (word & 0xffe0_001f) == 0xd440_0000;
  if (allowed) store<u32>(BTYPE, 0);
  return allowed;
}

/** DC and IC of the line that holds the address, which must be one that may be read. */
function maintainLine(kind: u32, address: u64): bool {
  const line = address & ~63;
  return readable<ByWord>(line, 1) != 0 && note(kind, line, 64);
}

function zeroLine(address: u64): bool {
  const line = address & ~63;
  for (let at: u64 = 0; at < 64; at += 8) if (!storeTo<ByWord, u64>(line + at, 0)) return false;
  return true;
}

/** DSB: the machine is told of maintenance that is under way. */
function isComplete(): bool {
  if (load<u32>(PENDING) < <u32>PENDING_CLEAN && load<u32>(UNDER_WAY) == 0) return true;
  stop(STOP_COMPLETE, 0, 0);
  return false;
}

/**
 * Run from `entry`, which lies on a page whose frame is at `frame`, for at most `budget` instructions. Records by address
 * are at `records`. Nothing is counted: where the fuel ends moves with each branch that is taken.
 *
 * @returns why it came back; PC is where to go on, and STOP_* and the flags are up to date.
 */
export function loop<Source>(entry: f64, frame: usize, records: usize, budget: u32): u32 {
  const first = <u64><i64>entry + TOP_16;
  const pageBytes: u32 = <u32>~pageMask + 1;
  /** A place is the address of a word, or of its record: the page's first, those of this instruction and of the next. */
  const shift: u32 = isFloat<Source>() ? 2 : 0;
  const step: u32 = 4 << shift;
  const size = pageBytes << shift;
  let pageVa = first & pageMask;
  let base = <u32>frame;
  let start = isFloat<Source>() ? <u32>records : base;
  let next = start + (<u32>(first - pageVa) << shift);
  let at = next;
  /** The whole address of the instruction to come, if it is too far for `next`, which then is outside the page. */
  let far: u64 = 0;
  /** The place at which the fuel ends if no branch is taken. */
  let fuelEnd = next + budget * step;
  let why: u32 = STOPPED;
  setFlags(load<u32>(NZCV));
  while (true) {
    if (next == fuelEnd || next - start >= size) {
      const pc = far != 0 ? far : pageVa + <i64>(<i32>(next - start) >> shift);
      const previous = pageVa + ((at - start) >> shift);
      const page = pc & pageMask;
      const entry = entryOf<Source>(page);
      if (next == fuelEnd) return leave(SLICE_DONE, pc, previous, budget);
      if (load<u64>(entry) != page || (pc & 3) != 0) return leave(LEFT_PAGE, pc, previous, budget - (fuelEnd - next) / step);
      far = 0;
      pageVa = page;
      base = load<u32>(entry, 8);
      start = isFloat<Source>() ? load<u32>(entry, 12) : base;
      const there = start + (<u32>(pc - page) << shift);
      fuelEnd += there - next;
      next = there;
      if (load<u32>(BTYPE) != 0 && !lands(load<u32>(base + <u32>(pc - page)))) {
        stop(STOP_BRANCH_TARGET, pc, load<u32>(BTYPE));
        return leave(STOPPED, pc, previous, budget - (fuelEnd - next) / step);
      }
    }
    const pageEnd = start + size;
    const limit = min(fuelEnd, pageEnd);
    why = STOPPED;
    while (true) {
      if (next >= limit) {
        why = BRANCHED;
        break;
      }
      at = next;
      const r: usize = isFloat<Source>() ? at : recordOf(load<u32>(at));
      next = at + step;
      switch (<i32>load<u8>(r, OP)) {
        case Op.CONST: put(r, imm(r)); continue;
        case Op.MOVK64: put(r, (xn(r) & ~(<u64>0xffff << load<u8>(r, RM))) | imm(r)); continue;
        case Op.MOVK32: put(r, (wn(r) & ~(<u32>0xffff << load<u8>(r, RM))) | imm32(r)); continue;
        case Op.ADR: put(r, pageVa + ((at - start) >> shift) + imm(r)); continue;
        case Op.ADRP: put(r, ((pageVa + ((at - start) >> shift)) & ~0xfff) + imm(r)); continue;
        case Op.ADD_IMM64: put(r, xn(r) + imm(r)); continue;
        case Op.ADD_IMM32: put(r, wn(r) + imm32(r)); continue;
        case Op.ADDS_IMM64: put(r, adds64(xn(r), imm(r))); continue;
        case Op.ADDS_IMM32: put(r, adds32(wn(r), imm32(r))); continue;
        case Op.SUBS_IMM64: put(r, subs64(xn(r), imm(r))); continue;
        case Op.SUBS_IMM32: put(r, subs32(wn(r), imm32(r))); continue;
        case Op.AND_IMM: put(r, xn(r) & imm(r)); continue;
        case Op.ORR_IMM64: put(r, xn(r) | imm(r)); continue;
        case Op.ORR_IMM32: put(r, wn(r) | imm32(r)); continue;
        case Op.EOR_IMM64: put(r, xn(r) ^ imm(r)); continue;
        case Op.EOR_IMM32: put(r, wn(r) ^ imm32(r)); continue;
        case Op.ANDS_IMM64: put(r, ands(xn(r) & imm(r))); continue;
        case Op.ANDS_IMM32: put(r, <u32>ands(<i32>(wn(r) & imm32(r)))); continue;
        case Op.ADD64: put(r, xn(r) + xm(r)); continue;
        case Op.ADD32: put(r, wn(r) + wm(r)); continue;
        case Op.SUB64: put(r, xn(r) - xm(r)); continue;
        case Op.SUB32: put(r, wn(r) - wm(r)); continue;
        case Op.AND64: put(r, xn(r) & xm(r)); continue;
        case Op.ORR64: put(r, xn(r) | xm(r)); continue;
        case Op.EOR64: put(r, xn(r) ^ xm(r)); continue;
        case Op.AND32: put(r, wn(r) & wm(r)); continue;
        case Op.ORR32: put(r, wn(r) | wm(r)); continue;
        case Op.EOR32: put(r, wn(r) ^ wm(r)); continue;
        case Op.ADD_SHIFTED64: put(r, xn(r) + shifted64(r)); continue;
        case Op.ADD_SHIFTED32: put(r, wn(r) + shifted32(r)); continue;
        case Op.SUB_SHIFTED64: put(r, xn(r) - shifted64(r)); continue;
        case Op.SUB_SHIFTED32: put(r, wn(r) - shifted32(r)); continue;
        case Op.ADDS64: put(r, adds64(xn(r), shifted64(r))); continue;
        case Op.ADDS32: put(r, adds32(wn(r), shifted32(r))); continue;
        case Op.SUBS64: put(r, subs64(xn(r), shifted64(r))); continue;
        case Op.SUBS32: put(r, subs32(wn(r), shifted32(r))); continue;
        case Op.ADD_EXTENDED64: put(r, xn(r) + extended(r)); continue;
        case Op.ADD_EXTENDED32: put(r, wn(r) + <u32>extended(r)); continue;
        case Op.SUB_EXTENDED64: put(r, xn(r) - extended(r)); continue;
        case Op.SUB_EXTENDED32: put(r, wn(r) - <u32>extended(r)); continue;
        case Op.ADDS_EXTENDED64: put(r, adds64(xn(r), extended(r))); continue;
        case Op.ADDS_EXTENDED32: put(r, adds32(wn(r), <u32>extended(r))); continue;
        case Op.SUBS_EXTENDED64: put(r, subs64(xn(r), extended(r))); continue;
        case Op.SUBS_EXTENDED32: put(r, subs32(wn(r), <u32>extended(r))); continue;
        case Op.ADC64: put(r, xn(r) + (xm(r) ^ imm(r)) + <u64>carry); continue;
        case Op.ADC32: put(r, <u32>(wn(r) + (wm(r) ^ imm32(r)) + <u32>carry)); continue;
        case Op.ADCS64: put(r, adcs64(xn(r), xm(r) ^ imm(r))); continue;
        case Op.ADCS32: put(r, adcs32(wn(r), wm(r) ^ imm32(r))); continue;
        case Op.CCMP64: if (holds(part(r, 0))) subs64(xn(r), compared(r)); else setFlags(part(r, 1)); continue;
        case Op.CCMP32: if (holds(part(r, 0))) subs32(wn(r), <u32>compared(r)); else setFlags(part(r, 1)); continue;
        case Op.CCMN64: if (holds(part(r, 0))) adds64(xn(r), compared(r)); else setFlags(part(r, 1)); continue;
        case Op.CCMN32: if (holds(part(r, 0))) adds32(wn(r), <u32>compared(r)); else setFlags(part(r, 1)); continue;
        case Op.CSEL64: put(r, holds(part(r, 0)) ? xn(r) : otherwise(r)); continue;
        case Op.CSEL32: put(r, holds(part(r, 0)) ? wn(r) : <u32>otherwise(r)); continue;
        case Op.LOGICAL64: put(r, logical64(imm32(r), xn(r), shifted64(r))); continue;
        case Op.LOGICAL32: put(r, logical32(imm32(r), wn(r), shifted32(r))); continue;
        case Op.UBFM64: put(r, (xn(r) << part(r, 0)) >> part(r, 1)); continue;
        case Op.SBFM64: put(r, <i64>(xn(r) << part(r, 0)) >> part(r, 1)); continue;
        case Op.UBFM32: put(r, (wn(r) << part(r, 0)) >> part(r, 1)); continue;
        case Op.SBFM32: put(r, <u32>(<i32>(wn(r) << part(r, 0)) >> part(r, 1))); continue;
        case Op.BFM64: put(r, inserted64(xd(r), xn(r), part(r, 0), part(r, 1))); continue;
        case Op.BFM32: put(r, inserted32(<u32>xd(r), wn(r), part(r, 0), part(r, 1))); continue;
        case Op.EXTR64: put(r, imm(r) == 0 ? xm(r) : (xm(r) >> imm(r)) | (xn(r) << (64 - imm(r)))); continue;
        case Op.EXTR32: put(r, <u32>((((<u64>wn(r)) << 32) | wm(r)) >> imm(r))); continue;
        case Op.UDIV64: put(r, udiv64(xn(r), xm(r))); continue;
        case Op.UDIV32: put(r, udiv32(wn(r), wm(r))); continue;
        case Op.SDIV64: put(r, sdiv64(xn(r), xm(r))); continue;
        case Op.SDIV32: put(r, sdiv32(wn(r), wm(r))); continue;
        case Op.LSLV64: put(r, xn(r) << (xm(r) & 63)); continue;
        case Op.LSLV32: put(r, wn(r) << (wm(r) & 31)); continue;
        case Op.LSRV64: put(r, xn(r) >> (xm(r) & 63)); continue;
        case Op.LSRV32: put(r, wn(r) >> (wm(r) & 31)); continue;
        case Op.ASRV64: put(r, <i64>xn(r) >> (xm(r) & 63)); continue;
        case Op.ASRV32: put(r, <u32>(<i32>wn(r) >> (wm(r) & 31))); continue;
        case Op.RORV64: put(r, rotr<u64>(xn(r), xm(r))); continue;
        case Op.RORV32: put(r, rotr<u32>(wn(r), wm(r))); continue;
        case Op.CRC32: put(r, crc32(wn(r), xm(r), part(r, 0), part(r, 1) != 0)); continue;
        case Op.MADD64: put(r, xa(r) + xn(r) * xm(r)); continue;
        case Op.MADD32: put(r, <u32>(wa(r) + wn(r) * wm(r))); continue;
        case Op.MSUB64: put(r, xa(r) - xn(r) * xm(r)); continue;
        case Op.MSUB32: put(r, <u32>(wa(r) - wn(r) * wm(r))); continue;
        case Op.SMADDL: put(r, xa(r) + <u64>(<i64><i32>wn(r) * <i64><i32>wm(r))); continue;
        case Op.SMSUBL: put(r, xa(r) - <u64>(<i64><i32>wn(r) * <i64><i32>wm(r))); continue;
        case Op.UMADDL: put(r, xa(r) + <u64>wn(r) * <u64>wm(r)); continue;
        case Op.UMSUBL: put(r, xa(r) - <u64>wn(r) * <u64>wm(r)); continue;
        case Op.SMULH: put(r, smulh(xn(r), xm(r))); continue;
        case Op.UMULH: put(r, umulh(xn(r), xm(r))); continue;
        case Op.RBIT64: put(r, rbit(xn(r))); continue;
        case Op.RBIT32: put(r, rbit(wn(r)) >> 32); continue;
        case Op.CLZ64: put(r, clz<u64>(xn(r))); continue;
        case Op.CLZ32: put(r, clz<u32>(wn(r))); continue;
        case Op.CLS64: put(r, clz<u64>(xn(r) ^ <u64>(<i64>xn(r) >> 63)) - 1); continue;
        case Op.CLS32: put(r, clz<u32>(wn(r) ^ <u32>(<i32>wn(r) >> 31)) - 1); continue;
        case Op.REV16_64: put(r, rev16(xn(r))); continue;
        case Op.REV16_32: put(r, rev16(wn(r))); continue;
        case Op.REV32_64: put(r, rotr<u64>(bswap<u64>(xn(r)), 32)); continue;
        case Op.REV64: put(r, bswap<u64>(xn(r))); continue;
        case Op.REV32: put(r, bswap<u32>(wn(r))); continue;
        case Op.LDRB: if (!loadAs<Source, u8, u64>(r, false)) break; continue;
        case Op.LDRH: if (!loadAs<Source, u16, u64>(r, false)) break; continue;
        case Op.LDR32: if (!loadAs<Source, u32, u64>(r, false)) break; continue;
        case Op.LDR64: if (!loadAs<Source, u64, u64>(r, false)) break; continue;
        case Op.LDRSB64: if (!loadAs<Source, i8, i64>(r, false)) break; continue;
        case Op.LDRSB32: if (!loadAs<Source, i8, u32>(r, false)) break; continue;
        case Op.LDRSH64: if (!loadAs<Source, i16, i64>(r, false)) break; continue;
        case Op.LDRSH32: if (!loadAs<Source, i16, u32>(r, false)) break; continue;
        case Op.LDRSW: if (!loadAs<Source, i32, i64>(r, false)) break; continue;
        case Op.STRB: if (!storeAs<Source, u8>(r, false)) break; continue;
        case Op.STRH: if (!storeAs<Source, u16>(r, false)) break; continue;
        case Op.STR32: if (!storeAs<Source, u32>(r, false)) break; continue;
        case Op.STR64: if (!storeAs<Source, u64>(r, false)) break; continue;
        case Op.LDRB_REG: if (!loadAs<Source, u8, u64>(r, true)) break; continue;
        case Op.LDRH_REG: if (!loadAs<Source, u16, u64>(r, true)) break; continue;
        case Op.LDR32_REG: if (!loadAs<Source, u32, u64>(r, true)) break; continue;
        case Op.LDR64_REG: if (!loadAs<Source, u64, u64>(r, true)) break; continue;
        case Op.LDRSB64_REG: if (!loadAs<Source, i8, i64>(r, true)) break; continue;
        case Op.LDRSB32_REG: if (!loadAs<Source, i8, u32>(r, true)) break; continue;
        case Op.LDRSH64_REG: if (!loadAs<Source, i16, i64>(r, true)) break; continue;
        case Op.LDRSH32_REG: if (!loadAs<Source, i16, u32>(r, true)) break; continue;
        case Op.LDRSW_REG: if (!loadAs<Source, i32, i64>(r, true)) break; continue;
        case Op.STRB_REG: if (!storeAs<Source, u8>(r, true)) break; continue;
        case Op.STRH_REG: if (!storeAs<Source, u16>(r, true)) break; continue;
        case Op.STR32_REG: if (!storeAs<Source, u32>(r, true)) break; continue;
        case Op.STR64_REG: if (!storeAs<Source, u64>(r, true)) break; continue;
        case Op.LDRB_PRE: if (!loadMoving<Source, u8, u64>(r, true)) break; continue;
        case Op.LDRH_PRE: if (!loadMoving<Source, u16, u64>(r, true)) break; continue;
        case Op.LDR32_PRE: if (!loadMoving<Source, u32, u64>(r, true)) break; continue;
        case Op.LDR64_PRE: if (!loadMoving<Source, u64, u64>(r, true)) break; continue;
        case Op.LDRSB64_PRE: if (!loadMoving<Source, i8, i64>(r, true)) break; continue;
        case Op.LDRSB32_PRE: if (!loadMoving<Source, i8, u32>(r, true)) break; continue;
        case Op.LDRSH64_PRE: if (!loadMoving<Source, i16, i64>(r, true)) break; continue;
        case Op.LDRSH32_PRE: if (!loadMoving<Source, i16, u32>(r, true)) break; continue;
        case Op.LDRSW_PRE: if (!loadMoving<Source, i32, i64>(r, true)) break; continue;
        case Op.STRB_PRE: if (!storeMoving<Source, u8>(r, true)) break; continue;
        case Op.STRH_PRE: if (!storeMoving<Source, u16>(r, true)) break; continue;
        case Op.STR32_PRE: if (!storeMoving<Source, u32>(r, true)) break; continue;
        case Op.STR64_PRE: if (!storeMoving<Source, u64>(r, true)) break; continue;
        case Op.LDRB_POST: if (!loadMoving<Source, u8, u64>(r, false)) break; continue;
        case Op.LDRH_POST: if (!loadMoving<Source, u16, u64>(r, false)) break; continue;
        case Op.LDR32_POST: if (!loadMoving<Source, u32, u64>(r, false)) break; continue;
        case Op.LDR64_POST: if (!loadMoving<Source, u64, u64>(r, false)) break; continue;
        case Op.LDRSB64_POST: if (!loadMoving<Source, i8, i64>(r, false)) break; continue;
        case Op.LDRSB32_POST: if (!loadMoving<Source, i8, u32>(r, false)) break; continue;
        case Op.LDRSH64_POST: if (!loadMoving<Source, i16, i64>(r, false)) break; continue;
        case Op.LDRSH32_POST: if (!loadMoving<Source, i16, u32>(r, false)) break; continue;
        case Op.LDRSW_POST: if (!loadMoving<Source, i32, i64>(r, false)) break; continue;
        case Op.STRB_POST: if (!storeMoving<Source, u8>(r, false)) break; continue;
        case Op.STRH_POST: if (!storeMoving<Source, u16>(r, false)) break; continue;
        case Op.STR32_POST: if (!storeMoving<Source, u32>(r, false)) break; continue;
        case Op.STR64_POST: if (!storeMoving<Source, u64>(r, false)) break; continue;
        case Op.LDR_ORDERED: if (!loadOrdered<Source>(r)) break; continue;
        case Op.STR_ORDERED: if (!storeOrdered<Source>(r)) break; continue;
        case Op.LDR_LITERAL64: if (!loadLiteral<Source, u64, u64>(r, pageVa + ((at - start) >> shift))) break; continue;
        case Op.LDR_LITERAL32: if (!loadLiteral<Source, u32, u64>(r, pageVa + ((at - start) >> shift))) break; continue;
        case Op.LDRSW_LITERAL: if (!loadLiteral<Source, i32, i64>(r, pageVa + ((at - start) >> shift))) break; continue;
        case Op.LDP64: if (!loadPair<Source, u64, u64>(r)) break; continue;
        case Op.LDP64_PRE: if (!loadMovingPair<Source, u64, u64>(r, true)) break; continue;
        case Op.LDP64_POST: if (!loadMovingPair<Source, u64, u64>(r, false)) break; continue;
        case Op.LDP32: if (!loadPair<Source, u32, u64>(r)) break; continue;
        case Op.LDP32_PRE: if (!loadMovingPair<Source, u32, u64>(r, true)) break; continue;
        case Op.LDP32_POST: if (!loadMovingPair<Source, u32, u64>(r, false)) break; continue;
        case Op.LDPSW: if (!loadPair<Source, i32, i64>(r)) break; continue;
        case Op.LDPSW_PRE: if (!loadMovingPair<Source, i32, i64>(r, true)) break; continue;
        case Op.LDPSW_POST: if (!loadMovingPair<Source, i32, i64>(r, false)) break; continue;
        case Op.STP64: if (!storePair<Source, u64>(r)) break; continue;
        case Op.STP64_PRE: if (!storeMovingPair<Source, u64>(r, true)) break; continue;
        case Op.STP64_POST: if (!storeMovingPair<Source, u64>(r, false)) break; continue;
        case Op.STP32: if (!storePair<Source, u32>(r)) break; continue;
        case Op.STP32_PRE: if (!storeMovingPair<Source, u32>(r, true)) break; continue;
        case Op.STP32_POST: if (!storeMovingPair<Source, u32>(r, false)) break; continue;
        case Op.LDXR8: if (!loadExclusive<Source, u8>(r)) break; continue;
        case Op.LDXR16: if (!loadExclusive<Source, u16>(r)) break; continue;
        case Op.LDXR32: if (!loadExclusive<Source, u32>(r)) break; continue;
        case Op.LDXR64: if (!loadExclusive<Source, u64>(r)) break; continue;
        case Op.STXR8: if (!storeExclusive<Source, u8>(r)) break; continue;
        case Op.STXR16: if (!storeExclusive<Source, u16>(r)) break; continue;
        case Op.STXR32: if (!storeExclusive<Source, u32>(r)) break; continue;
        case Op.STXR64: if (!storeExclusive<Source, u64>(r)) break; continue;
        case Op.LDXP32: if (!loadExclusivePair<Source, u32>(r)) break; continue;
        case Op.LDXP64: if (!loadExclusivePair<Source, u64>(r)) break; continue;
        case Op.STXP32: if (!storeExclusivePair<Source, u32>(r)) break; continue;
        case Op.STXP64: if (!storeExclusivePair<Source, u64>(r)) break; continue;
        case Op.ATOMIC8: if (!atomic<Source, u8, i8>(r)) break; continue;
        case Op.ATOMIC16: if (!atomic<Source, u16, i16>(r)) break; continue;
        case Op.ATOMIC32: if (!atomic<Source, u32, i32>(r)) break; continue;
        case Op.ATOMIC64: if (!atomic<Source, u64, i64>(r)) break; continue;
        case Op.CAS8: if (!compareAndSwap<Source, u8>(r)) break; continue;
        case Op.CAS16: if (!compareAndSwap<Source, u16>(r)) break; continue;
        case Op.CAS32: if (!compareAndSwap<Source, u32>(r)) break; continue;
        case Op.CAS64: if (!compareAndSwap<Source, u64>(r)) break; continue;
        case Op.CASP32: if (!compareAndSwapPair<Source, u32>(r)) break; continue;
        case Op.CASP64: if (!compareAndSwapPair<Source, u64>(r)) break; continue;
        case Op.CLREX: forgetReservation(); continue;
        case Op.B: next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.BL: putTo(LR, pageVa + ((at - start) >> shift) + 4); next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_EQ: if (zero != 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_NE: if (zero == 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_CS: if (!carry) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_CC: if (carry) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_MI: if (negative >= 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_PL: if (negative < 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_VS: if (overflow >= 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_VC: if (overflow < 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_HI: if (!carry || zero == 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_LS: if (carry && zero != 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_GE: if ((negative ^ overflow) < 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_LT: if ((negative ^ overflow) >= 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_GT: if (zero == 0 || (negative ^ overflow) < 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_LE: if (zero != 0 && (negative ^ overflow) >= 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_AL:
        case Op.B_NV: next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.CBZ64: if (xn(r) != 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.CBNZ64: if (xn(r) == 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.CBZ32: if (wn(r) != 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.CBNZ32: if (wn(r) == 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.TBZ: if (((xn(r) >> load<u8>(r, RM)) & 1) != 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.TBNZ: if (((xn(r) >> load<u8>(r, RM)) & 1) == 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.RET:
        case Op.BR:
        case Op.BLR:
          const destination = xn(r);
          if (destination < TOP_16) {
            stop(STOP_BRANCH, destination, <i32>load<u8>(r, OP) - Op.BR);
            break;
          }
          if (load<u8>(r, OP) == Op.BLR) putTo(LR, pageVa + ((at - start) >> shift) + 4);
          if (load<u8>(r, OP) != Op.RET) markIndirect(r);
          why = BRANCHED;
          if ((destination & pageMask) == pageVa && (destination & 3) == 0 && load<u32>(BTYPE) == 0) {
            next = start + (<u32>(destination - pageVa) << shift);
          } else {
            far = destination;
            next = start - 1;
          }
          break;
        case Op.NOTHING: continue;
        // Kernel code has the keys turned off.
        case Op.PACIASP: if (!isFloat<Source>()) putTo(LR, load<u64>(REGS + LR * 8) + signature()); continue;
        case Op.AUTIASP: if (!isFloat<Source>()) putTo(LR, load<u64>(REGS + LR * 8) - signature()); continue;
        case Op.STRIP: put(r, xn(r) & ((<u64>1) << 55) ? xn(r) | TOP_16 : xn(r) & ~TOP_16); continue;
        case Op.READ_FLAGS: put(r, packedFlags() << 28); continue;
        case Op.WRITE_FLAGS: setFlags((wn(r) >> 28) & 15); continue;
        case Op.CLEAN_LINE: if (!maintainLine(PENDING_CLEAN, xn(r))) break; continue;
        case Op.INVALIDATE_LINE: if (!maintainLine(PENDING_INVALIDATE, xn(r))) break; continue;
        case Op.ZERO_LINE: if (!zeroLine(xn(r))) break; continue;
        case Op.COMPLETE: if (!isComplete()) break; continue;
        case Op.SYNCHRONIZE:
          // A program's own CPU has nothing to discard.
          if (!isFloat<Source>()) continue;
          stop(STOP_SYNCHRONIZE, 0, 0);
          break;
        case Op.MAINTAIN:
          stop(STOP_MAINTAIN, xn(r), imm32(r));
          break;
        case Op.BRK:
          stop(STOP_BREAKPOINT, imm(r), 0);
          break;
        case Op.RENEW:
          next = at;
          const word = load<u32>(base + ((at - start) >> shift));
          if (isFloat<Source>()) prepare(r, start, (at - start) >> shift, word);
          else decode(word, r);
          continue;
        case Op.STOP:
          why = TRAPPED;
          break;
        default:
          why = UNKNOWN_WORD;
      }
      break;
    }
    if (why != BRANCHED) break;
    fuelEnd += next - (at + step);
  }
  const pc = pageVa + ((at - start) >> shift);
  const isBegun = why == STOPPED;
  return leave(why, pc, pc, budget - (fuelEnd - at) / step + (isBegun ? 1 : 0));
}
