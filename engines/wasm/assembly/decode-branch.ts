// Branches, exceptions, system instructions. Bits 31..29 choose the class.

import { SYSTEM, SYSTEM_PLACES, ZERO } from "../layout";
import { field, operands, signedField, target } from "./decode-fields";
import { Op } from "./ops";

export function branchGroup(word: u32, record: usize): Op {
  switch (word >> 29) {
    case 0b000:
    case 0b100:
      operands(record, 0, 0, 0, <i64>signedField(word, 25, 0) << 2);
      return word >> 31 ? Op.BL : Op.B;
    case 0b001:
    case 0b101:
      if (field(word, 25, 25)) return Op.UNKNOWN; // TBZ, TBNZ
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

function system(word: u32, record: usize): Op {
  const fixed = word & 0xffff_f01f;
  if (fixed == 0xd503_201f) return hint(field(word, 11, 5));
  if (fixed == 0xd503_301f) {
    const op2 = field(word, 7, 5); // DSB, DMB, ISB
    return op2 >= 4 && op2 <= 6 ? Op.NOTHING : Op.UNKNOWN;
  }
  if (word >> 20 != 0xd53) return Op.UNKNOWN;
  const source = load<u8>(SYSTEM_PLACES + field(word, 19, 5)) & 0x7f;
  // The three that compiled programs read, so far.
  if (source != SYSTEM && source != SYSTEM + 1 && source != SYSTEM + 2) return Op.UNKNOWN;
  operands(record, target(word & 31), ZERO, source, 0);
  return Op.ORR64;
}

/** Hints that wait or that change registers other than by signing LR with SP are refused. */
function hint(number: u32): Op {
  switch (number) {
    case 25:
      return Op.PACIASP;
    case 29:
      return Op.AUTIASP;
    case 2: // WFE
    case 3: // WFI
    case 7: // XPACLRI
    case 8: // PACIA1716
    case 10: // PACIB1716
    case 12: // AUTIA1716
    case 14: // AUTIB1716
    case 24: // PACIAZ
    case 26: // PACIBZ
    case 27: // PACIBSP
    case 28: // AUTIAZ
    case 30: // AUTIBZ
    case 31: // AUTIBSP
    case 39: // PACM
    case 40: // CHKFEAT
      return Op.UNKNOWN;
    default:
      return Op.NOTHING;
  }
}
