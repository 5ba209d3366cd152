// Hints, barriers, system registers, maintenance: everything that begins 0xd50 to 0xd53. System registers are registers
// like all others, in places that a table of their encodings gives.

import { SYSTEM_MASKS, SYSTEM_PLACES, ZERO } from "../layout";
import { field, operands, target } from "./decode-fields";
import { Op } from "./ops";

/** Of the PSTATE fields that an immediate is moved to: encodings of their registers, bits 19..5. */
const NZCV: u32 = 0b1_011_0100_0010_000;
const DAIF: u32 = 0b1_011_0100_0010_001;
const PAN: u32 = 0b1_000_0100_0010_011;
const UAO: u32 = 0b1_000_0100_0010_100;
const SSBS: u32 = 0b1_011_0100_0010_110;
const DIT: u32 = 0b1_011_0100_0010_101;
/** A place says with this bit that it may be written. */
const WRITABLE: u32 = 0x80;

const LR: u32 = 30;

export function system(word: u32, record: usize): Op {
  const fixed = word & 0xffff_f01f;
  if (fixed == 0xd503_201f) return hint(field(word, 11, 5), record);
  if (fixed == 0xd503_301f) return barrier(word);
  if ((word & 0xfff8_f01f) == 0xd500_401f) return moveToState(word, record);
  switch (word >> 19) {
    case 0xd508_0000 >> 19:
      return maintenance(word, record);
    case 0xd510_0000 >> 19:
    case 0xd518_0000 >> 19:
      return writeRegister(word, record);
    case 0xd530_0000 >> 19:
    case 0xd538_0000 >> 19:
      return readRegister(word, record);
    default:
      return Op.UNKNOWN;
  }
}

function placeOf(encoding: u32): u32 {
  return load<u8>(SYSTEM_PLACES + encoding);
}

function readRegister(word: u32, record: usize): Op {
  const encoding = field(word, 19, 5);
  const place = placeOf(encoding);
  if (place == 0) return Op.UNKNOWN;
  operands(record, target(word & 31), ZERO, place & ~WRITABLE, 0);
  return encoding == NZCV ? Op.READ_FLAGS : Op.ORR64;
}

function writeRegister(word: u32, record: usize): Op {
  const encoding = field(word, 19, 5);
  const place = placeOf(encoding);
  if ((place & WRITABLE) == 0) return Op.UNKNOWN;
  const register = place & ~WRITABLE;
  operands(record, register, word & 31, 0, load<u64>(SYSTEM_MASKS + (register << 3)));
  return encoding == NZCV ? Op.WRITE_FLAGS : Op.AND_IMM;
}

/** MSR of an immediate. */
function moveToState(word: u32, record: usize): Op {
  const number = field(word, 11, 8);
  switch ((field(word, 18, 16) << 3) | field(word, 7, 5)) {
    case 0b011_110:
      return moveTo(DAIF, Op.ORR_IMM64, <u64>number << 6, record);
    case 0b011_111:
      return moveTo(DAIF, Op.AND_IMM, ~(<u64>number << 6), record);
    case 0b000_100:
      return moveTo(PAN, Op.CONST, <u64>(number & 1) << 22, record);
    case 0b000_011:
      return moveTo(UAO, Op.CONST, <u64>(number & 1) << 23, record);
    case 0b011_001:
      return moveTo(SSBS, Op.CONST, <u64>(number & 1) << 12, record);
    case 0b011_010:
      return moveTo(DIT, Op.CONST, <u64>(number & 1) << 24, record);
    default:
      return Op.UNKNOWN;
  }
}

function moveTo(encoding: u32, op: Op, value: u64, record: usize): Op {
  const register = placeOf(encoding) & ~WRITABLE;
  if (register == 0) return Op.UNKNOWN;
  operands(record, register, register, 0, value);
  return op;
}

/** CLREX, DSB, DMB, ISB, SB. */
function barrier(word: u32): Op {
  switch (field(word, 7, 5)) {
    case 2:
      return Op.CLREX;
    case 4:
      return Op.COMPLETE;
    case 5:
      return Op.NOTHING;
    case 6:
      return Op.SYNCHRONIZE;
    case 7:
      return field(word, 11, 8) == 0 ? Op.NOTHING : Op.UNKNOWN;
    default:
      return Op.UNKNOWN;
  }
}

/** DC, IC, TLBI. Maintenance by set and way, and DC IVAC, which may lose data, are not for kernel code of this kind. */
function maintenance(word: u32, record: usize): Op {
  operands(record, 0, word & 31, 0, word);
  const op1 = field(word, 18, 16);
  const crm = field(word, 11, 8);
  const op2 = field(word, 7, 5);
  switch (field(word, 15, 12)) {
    case 7:
      if (op1 == 3 && op2 == 1) return byAddress(crm);
      // IC IALLU, IC IALLUIS
      return op1 == 0 && op2 == 0 && (crm == 1 || crm == 5) && (word & 31) == 31 ? Op.MAINTAIN : Op.UNKNOWN;
    case 8:
      // TLBI of this CPU or of all, without the ranges and the outer shareable ones.
      if (op1 != 0 || (crm != 3 && crm != 7)) return Op.UNKNOWN;
      if (op2 == 0) return (word & 31) == 31 ? Op.MAINTAIN : Op.UNKNOWN;
      return op2 == 4 || op2 == 6 ? Op.UNKNOWN : Op.MAINTAIN;
    default:
      return Op.UNKNOWN;
  }
}

/** To the point of coherency, of unification or of persistence: all of them lie no nearer than that of unification. */
function byAddress(crm: u32): Op {
  switch (crm) {
    case 4:
      return Op.ZERO_LINE;
    case 5:
      return Op.INVALIDATE_LINE;
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
      return Op.CLEAN_LINE;
    default:
      return Op.UNKNOWN;
  }
}

/** All but three do nothing: they advise or wait, mark a landing place, or sign and authenticate with keys turned off. */
function hint(number: u32, record: usize): Op {
  switch (number) {
    case 7: // XPACLRI
      operands(record, LR, LR, 0, 0);
      return Op.STRIP;
    case 25:
      return Op.PACIASP;
    case 29:
      return Op.AUTIASP;
    default:
      return Op.NOTHING;
  }
}
