// Loads and stores: bits 29..28, 24..23 and, among the rest, 21 and 11..10 choose the class. Vector registers (bit 26)
// never get here, as their group is another one.

import { field, operands, orSp, signedField, sized, target } from "./decode-fields";
import { Atomic, Extension, Op } from "./ops";

export function memoryGroup(word: u32, record: usize): Op {
  switch (field(word, 29, 28)) {
    case 0b00:
      return field(word, 24, 24) == 0 ? exclusive(word, record) : Op.UNKNOWN;
    case 0b01:
      return field(word, 24, 24) == 0 ? literal(word, record) : Op.UNKNOWN;
    case 0b10:
      return pair(word, record);
    default:
      break;
  }
  if (field(word, 24, 24) != 0) return immediateOffset(word, record);
  if (field(word, 21, 21) == 0) return Op.UNKNOWN;
  switch (field(word, 11, 10)) {
    case 0b00:
      return atomic(word, record);
    case 0b10:
      return registerOffset(word, record);
    default:
      return Op.UNKNOWN;
  }
}

function literal(word: u32, record: usize): Op {
  if (word >> 31) return Op.UNKNOWN; // LDRSW, PRFM
  operands(record, target(word & 31), 0, 0, <i64>signedField(word, 23, 5) << 2);
  return sized(Op.LDR_LITERAL64, field(word, 30, 30) != 0);
}

function pair(word: u32, record: usize): Op {
  const mode = field(word, 24, 23);
  if (word >> 30 != 2 || mode == 0) return Op.UNKNOWN;
  const rt = word & 31;
  const rt2 = field(word, 14, 10);
  const rn = field(word, 9, 5);
  const loads = field(word, 22, 22) != 0;
  const offset = <i64>signedField(word, 21, 15) << 3;
  // The result of writing a base back over a loaded or stored register, or of two loads to one, is not defined.
  if (mode != 2 && rn != 31 && (rt == rn || rt2 == rn)) return Op.UNKNOWN;
  if (loads && rt == rt2) return Op.UNKNOWN;
  if (loads) operands(record, target(rt), orSp(rn), target(rt2), offset);
  else operands(record, rt, orSp(rn), rt2, offset);
  if (mode == 2) return loads ? Op.LDP : Op.STP;
  if (mode == 3) return loads ? Op.LDP_PRE : Op.STP_PRE;
  return loads ? Op.LDP_POST : Op.STP_POST;
}

/** Of size (31..30) and opc (23..22). */
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

function registerOffset(word: u32, record: usize): Op {
  let extension = Extension.WHOLE;
  switch (field(word, 15, 13)) {
    case 2:
      extension = Extension.UXTW;
      break;
    case 6:
      extension = Extension.SXTW;
      break;
    case 3:
    case 7:
      break;
    default:
      return Op.UNKNOWN;
  }
  const op = accessOp(word);
  if (op == Op.UNKNOWN) return Op.UNKNOWN;
  const shift = field(word, 12, 12) ? word >> 30 : 0;
  operands(record, dataRegister(word), orSp(field(word, 9, 5)), field(word, 20, 16), extension | (shift << 8));
  return op + (Op.LDRB_REG - Op.LDRB);
}

/** LDXR, STXR and CAS with their ordered forms, of words and doublewords. */
function exclusive(word: u32, record: usize): Op {
  if (word >> 31 == 0 || field(word, 14, 10) != 31) return Op.UNKNOWN;
  const is64 = field(word, 30, 30) != 0;
  const rs = field(word, 20, 16);
  const rn = field(word, 9, 5);
  const rt = word & 31;
  const loads = field(word, 22, 22) != 0;
  switch ((field(word, 23, 23) << 1) | field(word, 21, 21)) {
    case 0b11:
      // The stored register is read, the compared one is read and written: `imm` is where it is written.
      operands(record, rt, orSp(rn), rs, target(rs));
      return sized(Op.CAS64, is64);
    case 0b00:
      break;
    default:
      return Op.UNKNOWN;
  }
  if (loads) {
    if (rs != 31) return Op.UNKNOWN;
    operands(record, target(rt), orSp(rn), 0, 0);
    return sized(Op.LDXR64, is64);
  }
  // The status must not go where the data or the address is.
  if (rs == rt || (rs == rn && rn != 31)) return Op.UNKNOWN;
  operands(record, rt, orSp(rn), target(rs), 0);
  return sized(Op.STXR64, is64);
}

function atomic(word: u32, record: usize): Op {
  if (word >> 31 == 0) return Op.UNKNOWN;
  let which: Atomic;
  switch (field(word, 15, 12)) {
    case 0b0000:
      which = Atomic.ADD;
      break;
    case 0b0001:
      which = Atomic.CLEAR;
      break;
    case 0b0010:
      which = Atomic.EOR;
      break;
    case 0b0011:
      which = Atomic.SET;
      break;
    case 0b1000:
      which = Atomic.SWAP;
      break;
    default:
      return Op.UNKNOWN;
  }
  operands(record, target(word & 31), orSp(field(word, 9, 5)), field(word, 20, 16), which);
  return sized(Op.ATOMIC64, field(word, 30, 30) != 0);
}
