// What each operation does: the loop that fetches a word, finds its record and does what it says, one row an operation. It is
// compiled twice: with records by word, for programs that run once, and with records by address, for code that stays.

import {
  BTYPE,
  EXECUTED,
  FETCH_TLB,
  FETCH_TLB_ENTRIES,
  LEFT_PAGE,
  NZCV,
  PAGED_TLB,
  PAGED_TLB_ENTRIES,
  PC,
  PREVIOUS,
  REGS,
  SLICE_DONE,
  STACK_POINTER,
  STOPPED,
  STOP_BRANCH,
  STOP_BREAKPOINT,
  TRAPPED,
  UNKNOWN_WORD,
} from "../layout";
import { loadAs, loadLiteral, loadPair, movingPair, storeAs, storePair } from "./access";
import { atomic, compareAndSwap, loadExclusive, storeExclusive } from "./atomic";
import {
  adds32, adds64, ands, carry, logical32, logical64, negative, overflow, packedFlags, rev16, sdiv32, sdiv64, setFlags,
  subs32, subs64, udiv32, udiv64, zero,
} from "./data";
import { decode } from "./decode";
import { isBase, pageMask, pageShift, stop, TOP_16 } from "./memory";
import {
  imm, imm32, part, put, putTo, shifted32, shifted64, wa, wm, wn, xa, xm, xn,
} from "./operands";
import { Op, OP, RM, RN } from "./ops";
import { prepare, recordAt, recordOf } from "./records";

const LR: u32 = 30;
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

/**
 * Run from `entry`, which lies on a page whose frame is at `frame`, for at most `budget` instructions. Records by address
 * are at `firstRecords`.
 *
 * @returns why it came back; PC is where to go on, and STOP_* and the flags are up to date.
 */
export function loop<Source>(entry: f64, frame: usize, firstRecords: usize, budget: u32): u32 {
  const start = <u64><i64>entry + TOP_16;
  const pageBytes: u32 = <u32>~pageMask + 1;
  let pageVa = start & pageMask;
  /** Where the page's frame, the instruction and the one to come lie in linear memory. */
  let base = <u32>frame;
  /** Where the page's records begin. */
  let records = firstRecords;
  let at = base + <u32>(start - pageVa);
  let next = at;
  /** The whole address of the instruction to come, if it is too far for `next`, which then is outside the page. */
  let far: u64 = 0;
  let left = budget;
  let why: u32 = STOPPED;
  setFlags(load<u32>(NZCV));
  while (true) {
    if (left == 0 || next - base >= pageBytes) {
      const pc = far != 0 ? far : pageVa + <i64><i32>(next - base);
      const page = pc & pageMask;
      const entry = entryOf<Source>(page);
      if (left == 0) return leave(SLICE_DONE, pc, pageVa + (at - base), budget);
      if (load<u64>(entry) != page || (pc & 3) != 0) return leave(LEFT_PAGE, pc, pageVa + (at - base), budget - left);
      far = 0;
      pageVa = page;
      base = load<u32>(entry, 8);
      if (isFloat<Source>()) records = load<u32>(entry, 12);
      next = base + <u32>(pc - page);
    }
    at = next;
    const r = isFloat<Source>() ? recordAt(records, at - base, load<u32>(at)) : recordOf(load<u32>(at));
    next = at + 4;
    left--;
    switch (<i32>load<u8>(r, OP)) {
      case Op.CONST: put(r, imm(r)); continue;
      case Op.MOVK64: put(r, (xn(r) & ~(<u64>0xffff << load<u8>(r, RM))) | imm(r)); continue;
      case Op.MOVK32: put(r, (wn(r) & ~(<u32>0xffff << load<u8>(r, RM))) | imm32(r)); continue;
      case Op.ADR: put(r, pageVa + (at - base) + imm(r)); continue;
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
      case Op.LOGICAL64: put(r, logical64(imm32(r), xn(r), shifted64(r))); continue;
      case Op.LOGICAL32: put(r, logical32(imm32(r), wn(r), shifted32(r))); continue;
      case Op.UBFM64: put(r, (xn(r) << part(r, 0)) >> part(r, 1)); continue;
      case Op.SBFM64: put(r, <i64>(xn(r) << part(r, 0)) >> part(r, 1)); continue;
      case Op.UBFM32: put(r, (wn(r) << part(r, 0)) >> part(r, 1)); continue;
      case Op.SBFM32: put(r, <u32>(<i32>(wn(r) << part(r, 0)) >> part(r, 1))); continue;
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
      case Op.MADD64: put(r, xa(r) + xn(r) * xm(r)); continue;
      case Op.MADD32: put(r, <u32>(wa(r) + wn(r) * wm(r))); continue;
      case Op.MSUB64: put(r, xa(r) - xn(r) * xm(r)); continue;
      case Op.MSUB32: put(r, <u32>(wa(r) - wn(r) * wm(r))); continue;
      case Op.REV16_64: put(r, rev16(xn(r))); continue;
      case Op.REV16_32: put(r, rev16(wn(r))); continue;
      case Op.REV32_64: put(r, rotr<u64>(bswap<u64>(xn(r)), 32)); continue;
      case Op.REV64: put(r, bswap<u64>(xn(r))); continue;
      case Op.REV32: put(r, bswap<u32>(wn(r))); continue;
      case Op.LDRB: if (!loadAs<u8, u64>(r, false)) break; continue;
      case Op.LDRH: if (!loadAs<u16, u64>(r, false)) break; continue;
      case Op.LDR32: if (!loadAs<u32, u64>(r, false)) break; continue;
      case Op.LDR64: if (!loadAs<u64, u64>(r, false)) break; continue;
      case Op.LDRSB64: if (!loadAs<i8, i64>(r, false)) break; continue;
      case Op.LDRSB32: if (!loadAs<i8, u32>(r, false)) break; continue;
      case Op.LDRSH64: if (!loadAs<i16, i64>(r, false)) break; continue;
      case Op.LDRSH32: if (!loadAs<i16, u32>(r, false)) break; continue;
      case Op.LDRSW: if (!loadAs<i32, i64>(r, false)) break; continue;
      case Op.STRB: if (!storeAs<u8>(r, false)) break; continue;
      case Op.STRH: if (!storeAs<u16>(r, false)) break; continue;
      case Op.STR32: if (!storeAs<u32>(r, false)) break; continue;
      case Op.STR64: if (!storeAs<u64>(r, false)) break; continue;
      case Op.LDRB_REG: if (!loadAs<u8, u64>(r, true)) break; continue;
      case Op.LDRH_REG: if (!loadAs<u16, u64>(r, true)) break; continue;
      case Op.LDR32_REG: if (!loadAs<u32, u64>(r, true)) break; continue;
      case Op.LDR64_REG: if (!loadAs<u64, u64>(r, true)) break; continue;
      case Op.LDRSB64_REG: if (!loadAs<i8, i64>(r, true)) break; continue;
      case Op.LDRSB32_REG: if (!loadAs<i8, u32>(r, true)) break; continue;
      case Op.LDRSH64_REG: if (!loadAs<i16, i64>(r, true)) break; continue;
      case Op.LDRSH32_REG: if (!loadAs<i16, u32>(r, true)) break; continue;
      case Op.LDRSW_REG: if (!loadAs<i32, i64>(r, true)) break; continue;
      case Op.STRB_REG: if (!storeAs<u8>(r, true)) break; continue;
      case Op.STRH_REG: if (!storeAs<u16>(r, true)) break; continue;
      case Op.STR32_REG: if (!storeAs<u32>(r, true)) break; continue;
      case Op.STR64_REG: if (!storeAs<u64>(r, true)) break; continue;
      case Op.LDR_LITERAL64: if (!loadLiteral<u64>(r, pageVa + (at - base))) break; continue;
      case Op.LDR_LITERAL32: if (!loadLiteral<u32>(r, pageVa + (at - base))) break; continue;
      case Op.LDP: if (!(isBase(load<u8>(r, RN)) && loadPair(r, xn(r) + imm(r)))) break; continue;
      case Op.LDP_PRE: if (!movingPair(r, true, true)) break; continue;
      case Op.LDP_POST: if (!movingPair(r, true, false)) break; continue;
      case Op.STP: if (!(isBase(load<u8>(r, RN)) && storePair(r, xn(r) + imm(r)))) break; continue;
      case Op.STP_PRE: if (!movingPair(r, false, true)) break; continue;
      case Op.STP_POST: if (!movingPair(r, false, false)) break; continue;
      case Op.LDXR64: if (!loadExclusive<u64>(r)) break; continue;
      case Op.LDXR32: if (!loadExclusive<u32>(r)) break; continue;
      case Op.STXR64: if (!storeExclusive<u64>(r)) break; continue;
      case Op.STXR32: if (!storeExclusive<u32>(r)) break; continue;
      case Op.ATOMIC64: if (!atomic<u64>(r)) break; continue;
      case Op.ATOMIC32: if (!atomic<u32>(r)) break; continue;
      case Op.CAS64: if (!compareAndSwap<u64>(r)) break; continue;
      case Op.CAS32: if (!compareAndSwap<u32>(r)) break; continue;
      case Op.B: next = at + imm32(r); continue;
      case Op.BL: putTo(LR, pageVa + (at - base) + 4); next = at + imm32(r); continue;
      case Op.B_EQ: if (zero == 0) next = at + imm32(r); continue;
      case Op.B_NE: if (zero != 0) next = at + imm32(r); continue;
      case Op.B_CS: if (carry) next = at + imm32(r); continue;
      case Op.B_CC: if (!carry) next = at + imm32(r); continue;
      case Op.B_MI: if (negative < 0) next = at + imm32(r); continue;
      case Op.B_PL: if (negative >= 0) next = at + imm32(r); continue;
      case Op.B_VS: if (overflow < 0) next = at + imm32(r); continue;
      case Op.B_VC: if (overflow >= 0) next = at + imm32(r); continue;
      case Op.B_HI: if (carry && zero != 0) next = at + imm32(r); continue;
      case Op.B_LS: if (!carry || zero == 0) next = at + imm32(r); continue;
      case Op.B_GE: if ((negative ^ overflow) >= 0) next = at + imm32(r); continue;
      case Op.B_LT: if ((negative ^ overflow) < 0) next = at + imm32(r); continue;
      case Op.B_GT: if (zero != 0 && (negative ^ overflow) >= 0) next = at + imm32(r); continue;
      case Op.B_LE: if (zero == 0 || (negative ^ overflow) < 0) next = at + imm32(r); continue;
      case Op.B_AL:
      case Op.B_NV: next = at + imm32(r); continue;
      case Op.CBZ64: if (xn(r) == 0) next = at + imm32(r); continue;
      case Op.CBNZ64: if (xn(r) != 0) next = at + imm32(r); continue;
      case Op.CBZ32: if (wn(r) == 0) next = at + imm32(r); continue;
      case Op.CBNZ32: if (wn(r) != 0) next = at + imm32(r); continue;
      case Op.RET:
      case Op.BR:
      case Op.BLR:
        const destination = xn(r);
        if (destination < TOP_16) {
          stop(STOP_BRANCH, destination, <i32>load<u8>(r, OP) - Op.BR);
          break;
        }
        if (load<u8>(r, OP) == Op.BLR) putTo(LR, pageVa + (at - base) + 4);
        if ((destination & pageMask) == pageVa && (destination & 3) == 0) {
          next = base + <u32>(destination - pageVa);
        } else {
          far = destination;
          next = base - 4;
        }
        continue;
      case Op.NOTHING: continue;
      // Kernel code has the keys turned off.
      case Op.PACIASP: if (!isFloat<Source>()) putTo(LR, load<u64>(REGS + LR * 8) + signature()); continue;
      case Op.AUTIASP: if (!isFloat<Source>()) putTo(LR, load<u64>(REGS + LR * 8) - signature()); continue;
      case Op.BRK:
        stop(STOP_BREAKPOINT, imm(r), 0);
        break;
      case Op.RENEW:
        if (isFloat<Source>()) prepare(r, records, at - base, load<u32>(at));
        else decode(load<u32>(at), r);
        left++;
        next = at;
        continue;
      case Op.STOP:
        left++;
        why = TRAPPED;
        break;
      default:
        left++;
        why = UNKNOWN_WORD;
    }
    break;
  }
  const pc = pageVa + (at - base);
  return leave(why, pc, pc, budget - left);
}
