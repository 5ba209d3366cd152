// Data processing of registers: bit 28 and bits 24..21 choose the class.

import { field, operands, orSp, sized, target } from "./decode-fields";
import { Op } from "./ops";

export function registerGroup(word: u32, record: usize): Op {
  if (field(word, 28, 28) == 0) {
    if (field(word, 24, 24) == 0) return logicalShifted(word, record);
    return field(word, 21, 21) == 0 ? addSubShifted(word, record) : addSubExtended(word, record);
  }
  if (field(word, 24, 24) != 0) return threeSource(word, record);
  switch (field(word, 23, 21)) {
    case 0b000:
      return addSubCarry(word, record);
    case 0b010:
      return conditionalCompare(word, record);
    case 0b100:
      return conditionalSelect(word, record);
    case 0b110:
      if (field(word, 29, 29) != 0) return Op.UNKNOWN;
      return field(word, 30, 30) != 0 ? oneSource(word, record) : twoSource(word, record);
    default:
      return Op.UNKNOWN;
  }
}

function addSubExtended(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const shift = field(word, 12, 10);
  if (field(word, 23, 22) != 0 || shift > 4) return Op.UNKNOWN;
  const setsFlags = field(word, 29, 29) != 0;
  const rd = setsFlags ? target(word & 31) : orSp(word & 31);
  operands(record, rd, orSp(field(word, 9, 5)), field(word, 20, 16), field(word, 15, 13) | (shift << 8));
  const op = Op.ADD_EXTENDED64 + (field(word, 30, 30) << 1) + (setsFlags ? 4 : 0);
  return sized(op, is64);
}

function addSubCarry(word: u32, record: usize): Op {
  if (field(word, 15, 10) != 0) return Op.UNKNOWN;
  const inverted: i64 = field(word, 30, 30) ? -1 : 0;
  operands(record, target(word & 31), field(word, 9, 5), field(word, 20, 16), inverted);
  return sized(field(word, 29, 29) ? Op.ADCS64 : Op.ADC64, word >> 31 != 0);
}

function conditionalCompare(word: u32, record: usize): Op {
  if (field(word, 29, 29) == 0 || field(word, 10, 10) != 0 || field(word, 4, 4) != 0) return Op.UNKNOWN;
  const isNumber = field(word, 11, 11);
  const how = field(word, 15, 12) | ((word & 15) << 8) | (isNumber << 16);
  operands(record, 0, field(word, 9, 5), field(word, 20, 16), how);
  return sized(field(word, 30, 30) ? Op.CCMP64 : Op.CCMN64, word >> 31 != 0);
}

function conditionalSelect(word: u32, record: usize): Op {
  if (field(word, 29, 29) != 0 || field(word, 11, 11) != 0) return Op.UNKNOWN;
  const how = field(word, 30, 30) | (field(word, 10, 10) << 1);
  operands(record, target(word & 31), field(word, 9, 5), field(word, 20, 16), field(word, 15, 12) | (how << 8));
  return sized(Op.CSEL64, word >> 31 != 0);
}

function logicalShifted(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const amount = field(word, 15, 10);
  if (!is64 && amount > 31) return Op.UNKNOWN;
  const opc = field(word, 30, 29);
  const invert = field(word, 21, 21);
  const shift = field(word, 23, 22);
  operands(
    record, target(word & 31), field(word, 9, 5), field(word, 20, 16),
    shift | (amount << 8) | (opc << 16) | (invert << 24),
  );
  if (amount != 0 || invert != 0 || opc == 3) return sized(Op.LOGICAL64, is64);
  return (is64 ? Op.AND64 : Op.AND32) + opc;
}

function addSubShifted(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const amount = field(word, 15, 10);
  const shift = field(word, 23, 22);
  if (shift == 3 || (!is64 && amount > 31)) return Op.UNKNOWN;
  const subtracts = field(word, 30, 30) != 0;
  operands(record, target(word & 31), field(word, 9, 5), field(word, 20, 16), shift | (amount << 8));
  if (field(word, 29, 29)) return sized(subtracts ? Op.SUBS64 : Op.ADDS64, is64);
  if (amount == 0) return sized(subtracts ? Op.SUB64 : Op.ADD64, is64);
  return sized(subtracts ? Op.SUB_SHIFTED64 : Op.ADD_SHIFTED64, is64);
}

function threeSource(word: u32, record: usize): Op {
  if (field(word, 30, 29) != 0) return Op.UNKNOWN;
  const is64 = word >> 31 != 0;
  const ra = field(word, 14, 10);
  const subtracts = field(word, 15, 15);
  operands(record, target(word & 31), field(word, 9, 5), field(word, 20, 16), ra);
  const kind = field(word, 23, 21);
  if (kind == 0) return sized(subtracts ? Op.MSUB64 : Op.MADD64, is64);
  if (!is64) return Op.UNKNOWN;
  switch (kind) {
    case 0b001:
      return Op.SMADDL + subtracts;
    case 0b101:
      return Op.UMADDL + subtracts;
    case 0b010:
      return ra == 31 && !subtracts ? Op.SMULH : Op.UNKNOWN;
    case 0b110:
      return ra == 31 && !subtracts ? Op.UMULH : Op.UNKNOWN;
    default:
      return Op.UNKNOWN;
  }
}

function oneSource(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  operands(record, target(word & 31), field(word, 9, 5), 0, 0);
  if (field(word, 20, 16) == 1 && is64) return authentication(word, record);
  if (field(word, 20, 16) != 0) return Op.UNKNOWN;
  switch (field(word, 15, 10)) {
    case 0:
      return sized(Op.RBIT64, is64);
    case 1:
      return sized(Op.REV16_64, is64);
    case 2:
      return is64 ? Op.REV32_64 : Op.REV32;
    case 3:
      return is64 ? Op.REV64 : Op.UNKNOWN;
    case 4:
      return sized(Op.CLZ64, is64);
    case 5:
      return sized(Op.CLS64, is64);
    default:
      return Op.UNKNOWN;
  }
}

/** PACIA and its kin, with keys turned off; XPACI, XPACD. */
function authentication(word: u32, record: usize): Op {
  const opcode = field(word, 15, 10);
  if (opcode > 17 || (opcode > 7 && field(word, 9, 5) != 31)) return Op.UNKNOWN;
  if (opcode < 16) return Op.NOTHING;
  operands(record, target(word & 31), word & 31, 0, 0);
  return Op.STRIP;
}

function twoSource(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const opcode = field(word, 15, 10);
  const rd = target(word & 31);
  if (opcode >> 3 == 2) {
    // The size of the operand is in the lowest two bits; a doubleword comes in an X register, all else in a W register.
    if (is64 != ((opcode & 3) == 3)) return Op.UNKNOWN;
    const how = (1 << (opcode & 3)) | (field(opcode, 2, 2) << 8);
    operands(record, rd, field(word, 9, 5), field(word, 20, 16), how);
    return Op.CRC32;
  }
  operands(record, rd, field(word, 9, 5), field(word, 20, 16), 0);
  switch (opcode) {
    case 0b000010:
      return sized(Op.UDIV64, is64);
    case 0b000011:
      return sized(Op.SDIV64, is64);
    case 0b001000:
      return sized(Op.LSLV64, is64);
    case 0b001001:
      return sized(Op.LSRV64, is64);
    case 0b001010:
      return sized(Op.ASRV64, is64);
    case 0b001011:
      return sized(Op.RORV64, is64);
    default:
      return Op.UNKNOWN;
  }
}
