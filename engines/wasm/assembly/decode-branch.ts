// Branches and exceptions. Bits 31..29 choose the class.

import { field, operands, signedField } from "./decode-fields";
import { system } from "./decode-system";
import { Op } from "./ops";

const LR: u32 = 30;

export function branchGroup(word: u32, record: usize): Op {
  switch (word >> 29) {
    case 0b000:
    case 0b100:
      operands(record, 0, 0, 0, <i64>signedField(word, 25, 0) << 2);
      return word >> 31 ? Op.BL : Op.B;
    case 0b001:
    case 0b101:
      if (field(word, 25, 25)) {
        const bit = ((word >> 31) << 5) | field(word, 23, 19);
        operands(record, 0, word & 31, bit, <i64>signedField(word, 18, 5) << 2);
        return field(word, 24, 24) ? Op.TBNZ : Op.TBZ;
      }
      operands(record, 0, word & 31, 0, <i64>signedField(word, 23, 5) << 2);
      if (word >> 31) return field(word, 24, 24) ? Op.CBNZ64 : Op.CBZ64;
      return field(word, 24, 24) ? Op.CBNZ32 : Op.CBZ32;
    case 0b010:
      if (field(word, 25, 24) != 0 || field(word, 4, 4) != 0) return Op.UNKNOWN;
      operands(record, 0, 0, 0, <i64>signedField(word, 23, 5) << 2);
      return Op.B_EQ + (word & 15);
    case 0b110:
      if (field(word, 25, 25)) return branchRegister(word, record);
      return field(word, 24, 24) ? system(word, record) : exception(word, record);
    default:
      return Op.UNKNOWN;
  }
}

function branchRegister(word: u32, record: usize): Op {
  operands(record, 0, field(word, 9, 5), 0, 0);
  switch (word & 0xffff_fc1f) {
    case 0xd61f_0000:
      return Op.BR;
    case 0xd63f_0000:
      return Op.BLR;
    case 0xd65f_0000:
      return Op.RET;
    default:
      return authenticatedBranch(word, record);
  }
}

/** BRAA, BLRAA, RETAA and their kin, with keys turned off. */
function authenticatedBranch(word: u32, record: usize): Op {
  if ((word & 0x001f_f800) != 0x001f_0800) return Op.UNKNOWN;
  const isZero = field(word, 24, 24) == 0;
  const isReturn = field(word, 24, 21) == 2;
  if (isZero && (word & 31) != 31) return Op.UNKNOWN;
  if (isReturn && field(word, 9, 5) != 31) return Op.UNKNOWN;
  if (isReturn) operands(record, 0, LR, 0, 0);
  switch (field(word, 23, 21)) {
    case 0:
      return Op.BR;
    case 1:
      return Op.BLR;
    case 2:
      return isReturn ? Op.RET : Op.UNKNOWN;
    default:
      return Op.UNKNOWN;
  }
}

/** The hypervisor's and the monitor's calls do work behind the scenes that changes nothing here. */
function exception(word: u32, record: usize): Op {
  operands(record, 0, 0, 0, field(word, 20, 5));
  switch (word & 0xffe0_001f) {
    case 0xd420_0000:
      return Op.BRK;
    case 0xd400_0002: // HVC
    case 0xd400_0003: // SMC
      return Op.NOTHING;
    default:
      return Op.UNKNOWN;
  }
}
