// From a word to its record. A word is refused (UNKNOWN) unless all of its fixed bits are as the Arm manual has them and
// its effect is defined. The tree follows the manual's chapter "A64 instruction set encoding": bits 28..25 choose the
// group, and each group has a function.

import { branchGroup } from "./decode-branch";
import { memoryGroup } from "./decode-memory";
import { field, operands, orSp, signedField, sized, target } from "./decode-fields";
import { registerGroup } from "./decode-register";
import { Op, OP } from "./ops";

/** Write the record of `word` to `record`. */
export function decode(word: u32, record: usize): void {
  store<u32>(record, word);
  store<u8>(record, group(word, record), OP);
}

function group(word: u32, record: usize): Op {
  switch ((word >> 25) & 15) {
    case 0b1000:
    case 0b1001:
      return immediateGroup(word, record);
    case 0b1010:
    case 0b1011:
      return branchGroup(word, record);
    case 0b0100:
    case 0b1100:
      return memoryGroup(word, record);
    case 0b0101:
    case 0b1101:
      return registerGroup(word, record);
    default:
      return Op.UNKNOWN;
  }
}

// ---- Data processing, immediate ----

function immediateGroup(word: u32, record: usize): Op {
  switch (field(word, 25, 23)) {
    case 0b000:
    case 0b001:
      const offset = (<i64>signedField(word, 23, 5) << 2) | field(word, 30, 29);
      operands(record, target(word & 31), 0, 0, word >> 31 ? offset << 12 : offset);
      return word >> 31 ? Op.ADRP : Op.ADR;
    case 0b010:
      return addSubImmediate(word, record);
    case 0b100:
      return logicalImmediate(word, record);
    case 0b101:
      return moveWide(word, record);
    case 0b110:
      return bitfield(word, record);
    case 0b111:
      return extract(word, record);
    default:
      return Op.UNKNOWN;
  }
}

function addSubImmediate(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const subtracts = field(word, 30, 30) != 0;
  const setsFlags = field(word, 29, 29) != 0;
  const value = <i64>field(word, 21, 10) << (field(word, 22, 22) ? 12 : 0);
  const rd = word & 31;
  const rn = orSp(field(word, 9, 5));
  if (setsFlags) {
    operands(record, target(rd), rn, 0, value);
    return sized(subtracts ? Op.SUBS_IMM64 : Op.ADDS_IMM64, is64);
  }
  operands(record, orSp(rd), rn, 0, subtracts ? -value : value);
  return sized(Op.ADD_IMM64, is64);
}

/** The pattern of N:immr:imms, or 0 if the combination is reserved; no pattern is 0. */
function bitPattern(n: u32, immr: u32, imms: u32): u64 {
  const selector = (n << 6) | (~imms & 63);
  if (selector < 2) return 0;
  const size = 1 << (31 - clz(selector));
  const last = imms & (size - 1);
  if (last == size - 1) return 0;
  const run: u64 = (<u64>2 << last) - 1;
  const turn = immr & (size - 1);
  let pattern = turn == 0 ? run : (run >> turn) | (run << (size - turn));
  if (size < 64) pattern &= (<u64>1 << size) - 1;
  for (let have = size; have < 64; have <<= 1) pattern |= pattern << have;
  return pattern;
}

function logicalImmediate(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const n = field(word, 22, 22);
  if (!is64 && n != 0) return Op.UNKNOWN;
  let pattern = bitPattern(n, field(word, 21, 16), field(word, 15, 10));
  if (pattern == 0) return Op.UNKNOWN;
  if (!is64) pattern &= 0xffff_ffff;
  const opc = field(word, 30, 29);
  operands(record, opc == 3 ? target(word & 31) : orSp(word & 31), field(word, 9, 5), 0, pattern);
  switch (opc) {
    case 0:
      return Op.AND_IMM;
    case 1:
      return sized(Op.ORR_IMM64, is64);
    case 2:
      return sized(Op.EOR_IMM64, is64);
    default:
      return sized(Op.ANDS_IMM64, is64);
  }
}

function moveWide(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const hw = field(word, 22, 21);
  const opc = field(word, 30, 29);
  if (opc == 1 || (!is64 && hw > 1)) return Op.UNKNOWN;
  const rd = word & 31;
  const value = <u64>field(word, 20, 5) << (hw << 4);
  if (opc == 3) {
    // MOVK to the zero register reads zero and writes nowhere.
    operands(record, target(rd), rd, hw << 4, value);
    return sized(Op.MOVK64, is64);
  }
  const result = opc == 2 ? value : ~value;
  operands(record, target(rd), 0, 0, is64 ? result : result & 0xffff_ffff);
  return Op.CONST;
}

/** Both directions of a bitfield move are a shift to the left that drops what is above, and one to the right. */
function bitfield(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const opc = field(word, 30, 29);
  const immr = <i32>field(word, 21, 16);
  const imms = <i32>field(word, 15, 10);
  if (opc == 3 || is64 != (field(word, 22, 22) != 0)) return Op.UNKNOWN;
  if (!is64 && (immr | imms) > 31) return Op.UNKNOWN;
  const top = is64 ? 63 : 31;
  const left = top - imms;
  const right = imms >= immr ? left + immr : immr - imms - 1;
  operands(record, target(word & 31), field(word, 9, 5), 0, left | (right << 8));
  if (opc == 1) return sized(Op.BFM64, is64);
  if (is64) return opc == 0 ? Op.SBFM64 : Op.UBFM64;
  return opc == 0 ? Op.SBFM32 : Op.UBFM32;
}

function extract(word: u32, record: usize): Op {
  const is64 = word >> 31 != 0;
  const low = field(word, 15, 10);
  if (field(word, 30, 29) != 0 || field(word, 21, 21) != 0 || is64 != (field(word, 22, 22) != 0)) return Op.UNKNOWN;
  if (!is64 && low > 31) return Op.UNKNOWN;
  operands(record, target(word & 31), field(word, 9, 5), field(word, 20, 16), low);
  return sized(Op.EXTR64, is64);
}
