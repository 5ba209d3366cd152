// Loads and stores: bits 29..28, 24..23 and, among the rest, 21 and 11..10 choose the class. Vector registers (bit 26)
// never get here, as their group is another one.

import { field, operands, orSp, signedField, target } from "./decode-fields";
import { Atomic, Op } from "./ops";

export function memoryGroup(word: u32, record: usize): Op {
  const has24 = field(word, 24, 24) != 0;
  switch (field(word, 29, 28)) {
    case 0b00:
      return has24 ? Op.UNKNOWN : exclusive(word, record);
    case 0b01:
      return has24 ? orderedOffset(word, record) : literal(word, record);
    case 0b10:
      return pair(word, record);
    default:
      break;
  }
  if (has24) return immediateOffset(word, record);
  if (field(word, 21, 21) == 0) return unscaled(word, record);
  switch (field(word, 11, 10)) {
    case 0b00:
      return atomic(word, record);
    case 0b10:
      return registerOffset(word, record);
    default:
      return Op.UNKNOWN; // with pointer authentication
  }
}

function literal(word: u32, record: usize): Op {
  operands(record, target(word & 31), 0, 0, <i64>signedField(word, 23, 5) << 2);
  switch (word >> 30) {
    case 0:
      return Op.LDR_LITERAL32;
    case 1:
      return Op.LDR_LITERAL64;
    case 2:
      return Op.LDRSW_LITERAL;
    default:
      return Op.NOTHING; // PRFM
  }
}

function pair(word: u32, record: usize): Op {
  const opc = word >> 30;
  const mode = field(word, 24, 23);
  const loads = field(word, 22, 22) != 0;
  // Of words with sign there are only loads, and none that are not to be kept in caches.
  if (opc == 3 || (opc == 1 && (!loads || mode == 0))) return Op.UNKNOWN;
  const rt = word & 31;
  const rt2 = field(word, 14, 10);
  const rn = field(word, 9, 5);
  const offset = <i64>signedField(word, 21, 15) << (opc == 2 ? 3 : 2);
  const moves = (mode & 1) != 0;
  // The result of writing a base back over a loaded or stored register, or of two loads to one, is not defined.
  if (moves && rn != 31 && (rt == rn || rt2 == rn)) return Op.UNKNOWN;
  if (loads && rt == rt2) return Op.UNKNOWN;
  if (loads) operands(record, target(rt), orSp(rn), target(rt2), offset);
  else operands(record, rt, orSp(rn), rt2, offset);
  let op = loads ? Op.LDP64 : Op.STP64;
  if (opc == 0) op = loads ? Op.LDP32 : Op.STP32;
  if (opc == 1) op = Op.LDPSW;
  return moves ? op + (mode == 3 ? 1 : 2) : op;
}

/** Of size (31..30) and opc (23..22), without an offset; NOTHING is a prefetch. */
function accessOp(word: u32): Op {
  switch (((word >> 30) << 2) | field(word, 23, 22)) {
    case 0b0000:
      return Op.STRB;
    case 0b0001:
      return Op.LDRB;
    case 0b0010:
      return Op.LDRSB64;
    case 0b0011:
      return Op.LDRSB32;
    case 0b0100:
      return Op.STRH;
    case 0b0101:
      return Op.LDRH;
    case 0b0110:
      return Op.LDRSH64;
    case 0b0111:
      return Op.LDRSH32;
    case 0b1000:
      return Op.STR32;
    case 0b1001:
      return Op.LDR32;
    case 0b1010:
      return Op.LDRSW;
    case 0b1100:
      return Op.STR64;
    case 0b1101:
      return Op.LDR64;
    case 0b1110:
      return Op.NOTHING;
    default:
      return Op.UNKNOWN;
  }
}

// @ts-ignore: decorator
@inline
function dataRegister(word: u32): u32 {
  return field(word, 23, 22) == 0 ? word & 31 : target(word & 31);
}

function immediateOffset(word: u32, record: usize): Op {
  operands(record, dataRegister(word), orSp(field(word, 9, 5)), 0, <i64>field(word, 21, 10) << (word >> 30));
  return accessOp(word);
}

/** Nine bits of offset, as they are, or written back before or after; or unprivileged, which is refused nothing here. */
function unscaled(word: u32, record: usize): Op {
  const op = accessOp(word);
  const mode = field(word, 11, 10);
  const rn = field(word, 9, 5);
  operands(record, dataRegister(word), orSp(rn), 0, <i64>signedField(word, 20, 12));
  if (mode == 0 || op == Op.UNKNOWN) return op;
  if (op == Op.NOTHING) return Op.UNKNOWN;
  if (mode == 2) return op;
  if (rn != 31 && rn == (word & 31)) return Op.UNKNOWN;
  return op + (mode == 3 ? Op.LDRB_PRE - Op.LDRB : Op.LDRB_POST - Op.LDRB);
}

function registerOffset(word: u32, record: usize): Op {
  const extension = field(word, 15, 13);
  if ((extension & 2) == 0) return Op.UNKNOWN;
  const op = accessOp(word);
  const shift = field(word, 12, 12) ? word >> 30 : 0;
  operands(record, dataRegister(word), orSp(field(word, 9, 5)), field(word, 20, 16), extension | (shift << 8));
  return op == Op.UNKNOWN || op == Op.NOTHING ? op : op + (Op.LDRB_REG - Op.LDRB);
}

/** LDAPUR, STLUR and their kin. */
function orderedOffset(word: u32, record: usize): Op {
  const op = accessOp(word);
  if (field(word, 21, 21) != 0 || field(word, 11, 10) != 0 || op == Op.UNKNOWN || op == Op.NOTHING) return Op.UNKNOWN;
  operands(record, dataRegister(word), orSp(field(word, 9, 5)), op, <i64>signedField(word, 20, 12));
  return op >= Op.STRB ? Op.STR_ORDERED : Op.LDR_ORDERED;
}

/** Loads and stores of one register by size, without a sign. */
function ordered(word: u32, loads: bool, record: usize): Op {
  const which = accessOp((word & 0xff3f_ffff) | (loads ? 1 << 22 : 0));
  operands(record, loads ? target(word & 31) : word & 31, orSp(field(word, 9, 5)), which, 0);
  return loads ? Op.LDR_ORDERED : Op.STR_ORDERED;
}

/** Exclusives (bit 23 clear, bit 21 for pairs), ordered accesses (bit 23), compare-and-swap (bits 23 and 21). */
function exclusive(word: u32, record: usize): Op {
  const size = word >> 30;
  const loads = field(word, 22, 22) != 0;
  const rs = field(word, 20, 16);
  const rt2 = field(word, 14, 10);
  const rn = field(word, 9, 5);
  const rt = word & 31;
  switch ((field(word, 23, 23) << 1) | field(word, 21, 21)) {
    case 0b00:
      if (rt2 != 31) return Op.UNKNOWN;
      break;
    case 0b01:
      if (size < 2) return compareAndSwapPair(word, record);
      break;
    case 0b10:
      return rs == 31 && rt2 == 31 ? ordered(word, loads, record) : Op.UNKNOWN;
    default:
      if (rt2 != 31) return Op.UNKNOWN;
      // The stored register is read, the compared one is read and written: `imm` is where it is written.
      operands(record, rt, orSp(rn), rs, target(rs));
      return Op.CAS8 + size;
  }
  const isPair = field(word, 21, 21) != 0;
  if (loads) {
    if (rs != 31 || (isPair && rt == rt2)) return Op.UNKNOWN;
    operands(record, target(rt), orSp(rn), 0, target(rt2));
    return isPair ? Op.LDXP32 + (size & 1) : Op.LDXR8 + size;
  }
  // The status must not go where the data or the address is.
  if (rs == rt || (isPair && rs == rt2) || (rs == rn && rn != 31)) return Op.UNKNOWN;
  operands(record, rt, orSp(rn), target(rs), rt2);
  return isPair ? Op.STXP32 + (size & 1) : Op.STXR8 + size;
}

function compareAndSwapPair(word: u32, record: usize): Op {
  const rs = field(word, 20, 16);
  const rt = word & 31;
  if (field(word, 14, 10) != 31 || ((rs | rt) & 1) != 0) return Op.UNKNOWN;
  operands(record, 0, orSp(field(word, 9, 5)), rs, target(rs + 1) | (rt << 8));
  return Op.CASP32 + field(word, 30, 30);
}

function atomic(word: u32, record: usize): Op {
  const size = word >> 30;
  const opc = field(word, 14, 12);
  const rs = field(word, 20, 16);
  let which: u32 = Atomic.ADD + opc;
  if (field(word, 15, 15) != 0) {
    // LDAPR
    if (opc == 4) return field(word, 23, 22) == 2 && rs == 31 ? ordered(word, true, record) : Op.UNKNOWN;
    if (opc != 0) return Op.UNKNOWN;
    which = Atomic.SWAP;
  }
  operands(record, target(word & 31), orSp(field(word, 9, 5)), rs, which);
  return Op.ATOMIC8 + size;
}
