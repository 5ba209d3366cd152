// What operations do that compiled programs seldom have, one row an operation: exclusives and atomics, maintenance of caches,
// flags as a number, pairs of words, accesses of bytes that move their base. `loop.ts` has the others.

import {
  PENDING, PENDING_CLEAN, PENDING_INVALIDATE, STOPPED, STOP_BREAKPOINT, STOP_COMPLETE, STOP_MAINTAIN, STOP_SYNCHRONIZE,
  UNDER_WAY, UNKNOWN_WORD,
} from "../layout";
import { loadMoving, loadMovingPair, loadOrdered, loadPair, storeMoving, storeMovingPair, storeOrdered, storePair } from "./access";
import {
  atomic, compareAndSwap, compareAndSwapPair, loadExclusive, loadExclusivePair, storeExclusive, storeExclusivePair,
} from "./atomic";
import { stop } from "./check";
import { crc32, inserted32, inserted64, packedFlags, rbit, rev16, setFlags } from "./data";
import { note, readable, storeTo, TOP_16 } from "./memory";
import { forgetReservation } from "./monitor";
import { imm, imm32, part, put, wm, wn, xd, xm, xn } from "./operands";
import { Op, OP } from "./ops";
import { ByWord } from "./records";

/** It is done, and the next instruction is the one behind it. */
export const DONE: u32 = 0;

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

/** @returns `DONE`, or why it did not complete */
export function uncommon<Source>(r: usize): u32 {
  switch (<i32>load<u8>(r, OP)) {
    case Op.BFM64: put(r, inserted64(xd(r), xn(r), part(r, 0), part(r, 1))); return DONE;
    case Op.BFM32: put(r, inserted32(<u32>xd(r), wn(r), part(r, 0), part(r, 1))); return DONE;
    case Op.EXTR64: put(r, imm(r) == 0 ? xm(r) : (xm(r) >> imm(r)) | (xn(r) << (64 - imm(r)))); return DONE;
    case Op.EXTR32: put(r, <u32>((((<u64>wn(r)) << 32) | wm(r)) >> imm(r))); return DONE;
    case Op.CRC32: put(r, crc32(wn(r), xm(r), part(r, 0), part(r, 1) != 0)); return DONE;
    case Op.RBIT64: put(r, rbit(xn(r))); return DONE;
    case Op.RBIT32: put(r, rbit(wn(r)) >> 32); return DONE;
    case Op.CLS64: put(r, clz<u64>(xn(r) ^ <u64>(<i64>xn(r) >> 63)) - 1); return DONE;
    case Op.CLS32: put(r, clz<u32>(wn(r) ^ <u32>(<i32>wn(r) >> 31)) - 1); return DONE;
    case Op.REV16_64: put(r, rev16(xn(r))); return DONE;
    case Op.REV16_32: put(r, rev16(wn(r))); return DONE;
    case Op.LDRB_PRE: return loadMoving<Source, u8, u64>(r, true) ? DONE : STOPPED;
    case Op.LDRH_PRE: return loadMoving<Source, u16, u64>(r, true) ? DONE : STOPPED;
    case Op.LDRSB64_PRE: return loadMoving<Source, i8, i64>(r, true) ? DONE : STOPPED;
    case Op.LDRSB32_PRE: return loadMoving<Source, i8, u32>(r, true) ? DONE : STOPPED;
    case Op.LDRSH64_PRE: return loadMoving<Source, i16, i64>(r, true) ? DONE : STOPPED;
    case Op.LDRSH32_PRE: return loadMoving<Source, i16, u32>(r, true) ? DONE : STOPPED;
    case Op.LDRSW_PRE: return loadMoving<Source, i32, i64>(r, true) ? DONE : STOPPED;
    case Op.STRB_PRE: return storeMoving<Source, u8>(r, true) ? DONE : STOPPED;
    case Op.STRH_PRE: return storeMoving<Source, u16>(r, true) ? DONE : STOPPED;
    case Op.LDRB_POST: return loadMoving<Source, u8, u64>(r, false) ? DONE : STOPPED;
    case Op.LDRH_POST: return loadMoving<Source, u16, u64>(r, false) ? DONE : STOPPED;
    case Op.LDRSB64_POST: return loadMoving<Source, i8, i64>(r, false) ? DONE : STOPPED;
    case Op.LDRSB32_POST: return loadMoving<Source, i8, u32>(r, false) ? DONE : STOPPED;
    case Op.LDRSH64_POST: return loadMoving<Source, i16, i64>(r, false) ? DONE : STOPPED;
    case Op.LDRSH32_POST: return loadMoving<Source, i16, u32>(r, false) ? DONE : STOPPED;
    case Op.LDRSW_POST: return loadMoving<Source, i32, i64>(r, false) ? DONE : STOPPED;
    case Op.STRB_POST: return storeMoving<Source, u8>(r, false) ? DONE : STOPPED;
    case Op.STRH_POST: return storeMoving<Source, u16>(r, false) ? DONE : STOPPED;
    case Op.LDR_ORDERED: return loadOrdered<Source>(r) ? DONE : STOPPED;
    case Op.STR_ORDERED: return storeOrdered<Source>(r) ? DONE : STOPPED;
    case Op.LDP32: return loadPair<Source, u32, u64>(r) ? DONE : STOPPED;
    case Op.LDP32_PRE: return loadMovingPair<Source, u32, u64>(r, true) ? DONE : STOPPED;
    case Op.LDP32_POST: return loadMovingPair<Source, u32, u64>(r, false) ? DONE : STOPPED;
    case Op.LDPSW: return loadPair<Source, i32, i64>(r) ? DONE : STOPPED;
    case Op.LDPSW_PRE: return loadMovingPair<Source, i32, i64>(r, true) ? DONE : STOPPED;
    case Op.LDPSW_POST: return loadMovingPair<Source, i32, i64>(r, false) ? DONE : STOPPED;
    case Op.STP32: return storePair<Source, u32>(r) ? DONE : STOPPED;
    case Op.STP32_PRE: return storeMovingPair<Source, u32>(r, true) ? DONE : STOPPED;
    case Op.STP32_POST: return storeMovingPair<Source, u32>(r, false) ? DONE : STOPPED;
    case Op.LDXR8: return loadExclusive<Source, u8>(r) ? DONE : STOPPED;
    case Op.LDXR16: return loadExclusive<Source, u16>(r) ? DONE : STOPPED;
    case Op.LDXR32: return loadExclusive<Source, u32>(r) ? DONE : STOPPED;
    case Op.LDXR64: return loadExclusive<Source, u64>(r) ? DONE : STOPPED;
    case Op.STXR8: return storeExclusive<Source, u8>(r) ? DONE : STOPPED;
    case Op.STXR16: return storeExclusive<Source, u16>(r) ? DONE : STOPPED;
    case Op.STXR32: return storeExclusive<Source, u32>(r) ? DONE : STOPPED;
    case Op.STXR64: return storeExclusive<Source, u64>(r) ? DONE : STOPPED;
    case Op.LDXP32: return loadExclusivePair<Source, u32>(r) ? DONE : STOPPED;
    case Op.LDXP64: return loadExclusivePair<Source, u64>(r) ? DONE : STOPPED;
    case Op.STXP32: return storeExclusivePair<Source, u32>(r) ? DONE : STOPPED;
    case Op.STXP64: return storeExclusivePair<Source, u64>(r) ? DONE : STOPPED;
    case Op.ATOMIC8: return atomic<Source, u8, i8>(r) ? DONE : STOPPED;
    case Op.ATOMIC16: return atomic<Source, u16, i16>(r) ? DONE : STOPPED;
    case Op.ATOMIC32: return atomic<Source, u32, i32>(r) ? DONE : STOPPED;
    case Op.ATOMIC64: return atomic<Source, u64, i64>(r) ? DONE : STOPPED;
    case Op.CAS8: return compareAndSwap<Source, u8>(r) ? DONE : STOPPED;
    case Op.CAS16: return compareAndSwap<Source, u16>(r) ? DONE : STOPPED;
    case Op.CAS32: return compareAndSwap<Source, u32>(r) ? DONE : STOPPED;
    case Op.CAS64: return compareAndSwap<Source, u64>(r) ? DONE : STOPPED;
    case Op.CASP32: return compareAndSwapPair<Source, u32>(r) ? DONE : STOPPED;
    case Op.CASP64: return compareAndSwapPair<Source, u64>(r) ? DONE : STOPPED;
    case Op.CLREX: forgetReservation(); return DONE;
    case Op.STRIP: put(r, xn(r) & ((<u64>1) << 55) ? xn(r) | TOP_16 : xn(r) & ~TOP_16); return DONE;
    case Op.READ_FLAGS: put(r, packedFlags() << 28); return DONE;
    case Op.WRITE_FLAGS: setFlags((wn(r) >> 28) & 15); return DONE;
    case Op.CLEAN_LINE: return maintainLine(PENDING_CLEAN, xn(r)) ? DONE : STOPPED;
    case Op.INVALIDATE_LINE: return maintainLine(PENDING_INVALIDATE, xn(r)) ? DONE : STOPPED;
    case Op.ZERO_LINE: return zeroLine(xn(r)) ? DONE : STOPPED;
    case Op.COMPLETE: return isComplete() ? DONE : STOPPED;
    case Op.SYNCHRONIZE:
      // A program's own CPU has nothing to discard.
      if (isFloat<Source>()) stop(STOP_SYNCHRONIZE, 0, 0);
      return isFloat<Source>() ? STOPPED : DONE;
    case Op.MAINTAIN: stop(STOP_MAINTAIN, xn(r), imm32(r)); return STOPPED;
    case Op.BRK: stop(STOP_BREAKPOINT, imm(r), 0); return STOPPED;
  }
  return UNKNOWN_WORD;
}
