// What each operation does: the loop that fetches a word, finds its record and does what it says, one row an operation. It is
// compiled twice: with records by word, for programs that run once, and with records by address, for code that stays.

import {
  BTYPE, EXECUTED, LEFT_PAGE, NZCV, PC, PREVIOUS, REGS, SLICE_DONE, STOPPED, STOP_BRANCH, STOP_BRANCH_TARGET, TRAPPED,
} from "../layout";
import { loadAs, loadLiteral, loadMoving, loadMovingPair, loadPair, storeAs, storeMoving, storeMovingPair, storePair } from "./access";
import { stop } from "./check";
import {
  adcs32, adcs64, adds32, adds64, ands, carry, holds, logical32, logical64, negative, overflow, packedFlags, sdiv32,
  sdiv64, setFlags, smulh, subs32, subs64, udiv32, udiv64, umulh, zero,
} from "./data";
import { decode } from "./decode";
import { fill, TURN_BACK } from "./fill";
import { lands, markIndirect, signature } from "./indirect";
import { pageMask, TOP_16 } from "./memory";
import {
  compared, extended, imm, imm32, otherwise, part, put, putTo, shifted32, shifted64, wa, wm, wn, xa, xm, xn,
} from "./operands";
import { Op, OP, RM } from "./ops";
import { entryOf, prepare, recordOf } from "./records";
import { DONE, uncommon } from "./uncommon";

const LR: u32 = 30;
/** The loop goes on elsewhere. */
const BRANCHED: u32 = 0;

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
        case Op.CLZ64: put(r, clz<u64>(xn(r))); continue;
        case Op.CLZ32: put(r, clz<u32>(wn(r))); continue;
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
        case Op.LDR32_PRE: if (!loadMoving<Source, u32, u64>(r, true)) break; continue;
        case Op.LDR64_PRE: if (!loadMoving<Source, u64, u64>(r, true)) break; continue;
        case Op.STR32_PRE: if (!storeMoving<Source, u32>(r, true)) break; continue;
        case Op.STR64_PRE: if (!storeMoving<Source, u64>(r, true)) break; continue;
        case Op.LDR32_POST: if (!loadMoving<Source, u32, u64>(r, false)) break; continue;
        case Op.LDR64_POST: if (!loadMoving<Source, u64, u64>(r, false)) break; continue;
        case Op.STR32_POST: if (!storeMoving<Source, u32>(r, false)) break; continue;
        case Op.STR64_POST: if (!storeMoving<Source, u64>(r, false)) break; continue;
        case Op.LDR_LITERAL32: if (!loadLiteral<Source, u32, u64>(r, pageVa + ((at - start) >> shift))) break; continue;
        case Op.LDRSW_LITERAL: if (!loadLiteral<Source, i32, i64>(r, pageVa + ((at - start) >> shift))) break; continue;
        case Op.LDR_LITERAL64: if (!loadLiteral<Source, u64, u64>(r, pageVa + ((at - start) >> shift))) break; continue;
        case Op.LDP64: if (!loadPair<Source, u64, u64>(r)) break; continue;
        case Op.LDP64_PRE: if (!loadMovingPair<Source, u64, u64>(r, true)) break; continue;
        case Op.LDP64_POST: if (!loadMovingPair<Source, u64, u64>(r, false)) break; continue;
        case Op.STP64: if (!storePair<Source, u64>(r)) break; continue;
        case Op.STP64_PRE: if (!storeMovingPair<Source, u64>(r, true)) break; continue;
        case Op.STP64_POST: if (!storeMovingPair<Source, u64>(r, false)) break; continue;
        case Op.B: next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.BL: putTo(LR, pageVa + ((at - start) >> shift) + 4); next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_EQ: if (zero != 0) continue; next = at + (imm32(r) << shift); why = BRANCHED; break;
        case Op.B_NE:
          if (zero == 0) continue;
          next = at + (imm32(r) << shift);
          if (isFloat<Source>() && imm32(r) == TURN_BACK && next >= start) fuelEnd -= fill<Source>(r, (fuelEnd - at) / step - 1) * step;
          why = BRANCHED; break;
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
          const end = uncommon<Source>(r);
          if (end == DONE) continue;
          why = end;
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
