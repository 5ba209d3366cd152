// Data processing: the classes of the Arm manual's sections "Data Processing -- Immediate" and "-- Register".

import { decodeBitmask } from "./bitmask.js";
import { bit, bits, orSp, ra, rd, rm, rn, row, signedBits, UNALLOCATED, UNMODELLED, widthOf } from "./fields.js";

const SHIFTS = ["lsl", "lsr", "asr", "ror"] as const;
export type Shift = (typeof SHIFTS)[number];
const EXTENDS = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"] as const;
export type Extend = (typeof EXTENDS)[number];

/** ADR, ADRP. `offset` is bytes from this instruction, or from the 4 KiB page that it is on. */
function address(word: number) {
  const page = bit(word, 31);
  const units = signedBits(word, 23, 5) * 4 + bits(word, 30, 29);
  return { kind: "address", page, rd: rd(word), offset: page ? units * 4096 : units } as const;
}

const addSub = (word: number) =>
  ({ op: bit(word, 30) ? "sub" : "add", setFlags: bit(word, 29), width: widthOf(word) }) as const;
/** The flag-setting forms write ZR, the others SP. */
const sumRegister = (word: number) => (bit(word, 29) ? rd(word) : orSp(rd(word)));

/** ADD, ADDS, SUB, SUBS (immediate). `imm12` is before the shift, `value` the operand. */
function addSubImmediate(word: number) {
  const imm12 = bits(word, 21, 10);
  const shift = bit(word, 22) ? 12 : 0;
  const value = BigInt(imm12 << shift);
  const registers = { rd: sumRegister(word), rn: orSp(rn(word)) };
  return { kind: "addSubImmediate", ...addSub(word), ...registers, imm12, shift, value } as const;
}

/** ADD, ADDS, SUB, SUBS (shifted register). */
function addSubShifted(word: number) {
  const shift = SHIFTS[bits(word, 23, 22)]!;
  const amount = bits(word, 15, 10);
  if (shift === "ror" || amount >= widthOf(word)) return UNALLOCATED;
  const registers = { rd: rd(word), rn: rn(word), rm: rm(word) };
  return { kind: "addSubShifted", ...addSub(word), ...registers, shift, amount } as const;
}

/** ADD, ADDS, SUB, SUBS (extended register). The amount is that of a shift left. */
function addSubExtended(word: number) {
  const amount = bits(word, 12, 10);
  if (amount > 4) return UNALLOCATED;
  const registers = { rd: sumRegister(word), rn: orSp(rn(word)), rm: rm(word) };
  const extend = EXTENDS[bits(word, 15, 13)]!;
  return { kind: "addSubExtended", ...addSub(word), ...registers, extend, amount } as const;
}

/** ADC, ADCS, SBC, SBCS. */
const addSubCarry = (word: number) =>
  ({ kind: "addSubCarry", ...addSub(word), rd: rd(word), rn: rn(word), rm: rm(word) }) as const;

const LOGICAL = ["and", "orr", "eor", "ands"] as const;

/** AND, ORR, EOR (which write SP), ANDS (immediate). `value` is the pattern, `width` bits. */
function logicalImmediate(word: number) {
  const width = widthOf(word);
  const op = LOGICAL[bits(word, 30, 29)]!;
  const value = decodeBitmask(bits(word, 22, 22), bits(word, 21, 16), bits(word, 15, 10), width);
  if (value === undefined) return UNALLOCATED;
  const target = op === "ands" ? rd(word) : orSp(rd(word));
  return { kind: "logicalImmediate", op, width, rd: target, rn: rn(word), value } as const;
}

/** AND, ORR, EOR, ANDS (shifted register), and with the second operand inverted BIC, ORN, EON, BICS. */
function logicalShifted(word: number) {
  const width = widthOf(word);
  const amount = bits(word, 15, 10);
  if (amount >= width) return UNALLOCATED;
  const op = LOGICAL[bits(word, 30, 29)]!;
  const shift = SHIFTS[bits(word, 23, 22)]!;
  const registers = { rd: rd(word), rn: rn(word), rm: rm(word) };
  return { kind: "logicalShifted", op, invert: bit(word, 21), width, ...registers, shift, amount } as const;
}

const MOVE_WIDE = ["movn", undefined, "movz", "movk"] as const;
const HALFWORDS = [0, 16, 32, 48] as const;

/** MOVN, MOVZ, MOVK. */
function moveWide(word: number) {
  const width = widthOf(word);
  const op = MOVE_WIDE[bits(word, 30, 29)];
  const shift = HALFWORDS[bits(word, 22, 21)]!;
  if (op === undefined || shift >= width) return UNALLOCATED;
  return { kind: "moveWide", op, width, rd: rd(word), imm16: bits(word, 20, 5), shift } as const;
}

const BITFIELD = ["sbfm", "bfm", "ubfm", undefined] as const;
/** The N bit repeats the width, and the places of bits lie within it. */
const isFieldOf = (word: number, ...places: readonly number[]): boolean =>
  bit(word, 22) === bit(word, 31) && places.every((place) => place < widthOf(word));

/** SBFM, BFM, UBFM. */
function bitfield(word: number) {
  const op = BITFIELD[bits(word, 30, 29)];
  const immr = bits(word, 21, 16);
  const imms = bits(word, 15, 10);
  if (op === undefined || !isFieldOf(word, immr, imms)) return UNALLOCATED;
  return { kind: "bitfield", op, width: widthOf(word), rd: rd(word), rn: rn(word), immr, imms } as const;
}

/** EXTR. `lsb` is the lowest bit taken from rm. */
function extract(word: number) {
  const lsb = bits(word, 15, 10);
  if (!isFieldOf(word, lsb)) return UNALLOCATED;
  return { kind: "extract", width: widthOf(word), rd: rd(word), rn: rn(word), rm: rm(word), lsb } as const;
}

const REVERSE_BITS: Readonly<Record<number, 16 | 32 | 64>> = { 1: 16, 2: 32, 3: 64 };
const ONE_SOURCE: Readonly<Record<number, "rbit" | "clz" | "cls">> = { 0: "rbit", 4: "clz", 5: "cls" };

/** REV16, REV32, REV (reverse the bytes of each `bits`-bit container); RBIT, CLZ, CLS. */
function oneSource(word: number) {
  const width = widthOf(word);
  const opcode = bits(word, 15, 10);
  const registers = { width, rd: rd(word), rn: rn(word) };
  const container = REVERSE_BITS[opcode];
  if (container !== undefined) {
    return container > width ? UNALLOCATED : ({ kind: "reverse", bits: container, ...registers } as const);
  }
  const op = ONE_SOURCE[opcode];
  return op === undefined ? UNMODELLED : ({ kind: "oneSource", op, ...registers } as const);
}

const AUTHENTICATIONS = ["pacia", "pacib", "pacda", "pacdb", "autia", "autib", "autda", "autdb"] as const;

/** PACIA, AUTIB and their kin, with the modifier in rn or, undefined, zero; XPACI, XPACD. */
function authentication(word: number) {
  const opcode = bits(word, 15, 10);
  const isOfZero = opcode > 7;
  if (opcode > 17 || (isOfZero && rn(word) !== 31)) return UNALLOCATED;
  const op = opcode === 16 ? "xpaci" : opcode === 17 ? "xpacd" : AUTHENTICATIONS[opcode & 7]!;
  return { kind: "authentication", op, rd: rd(word), rn: isOfZero ? undefined : orSp(rn(word)) } as const;
}

const TWO_SOURCE: Readonly<Record<number, "udiv" | "sdiv" | "lslv" | "lsrv" | "asrv" | "rorv">> = {
  ...{ 2: "udiv", 3: "sdiv", 8: "lslv", 9: "lsrv", 10: "asrv", 11: "rorv" },
};

/** UDIV, SDIV, LSLV, LSRV, ASRV, RORV. */
function twoSource(word: number) {
  const op = TWO_SOURCE[bits(word, 15, 10)];
  if (op === undefined) return UNMODELLED;
  return { kind: "twoSource", op, width: widthOf(word), rd: rd(word), rn: rn(word), rm: rm(word) } as const;
}

const BYTES = [1, 2, 4, 8] as const;

/** CRC32B, CRC32H, CRC32W, CRC32X and, with Castagnoli's polynomial, CRC32C*. Only rm of eight bytes is 64 bits wide. */
function crc32(word: number) {
  const bytes = BYTES[bits(word, 11, 10)]!;
  if ((bytes === 8) !== bit(word, 31)) return UNALLOCATED;
  return { kind: "crc32", bytes, castagnoli: bit(word, 12), rd: rd(word), rn: rn(word), rm: rm(word) } as const;
}

type LongProduct = "smaddl" | "smsubl" | "smulh" | "umaddl" | "umsubl" | "umulh";
/** By op31 and o0; the widening and high ones are 64 bits wide. */
const THREE_SOURCE: Readonly<Record<number, "madd" | "msub" | LongProduct>> = {
  ...{ 0: "madd", 1: "msub", 2: "smaddl", 3: "smsubl", 4: "smulh", 10: "umaddl", 11: "umsubl", 12: "umulh" },
};

/** MADD, MSUB; of 32-bit factors SMADDL, SMSUBL, UMADDL, UMSUBL; SMULH, UMULH, which have no addend. */
function threeSource(word: number) {
  const op = THREE_SOURCE[(bits(word, 23, 21) << 1) | bits(word, 15, 15)];
  const width = widthOf(word);
  // Checked pointer arithmetic.
  if (width === 64 && bits(word, 23, 21) === 3) return UNMODELLED;
  if (op === undefined || (width === 32 && op !== "madd" && op !== "msub")) return UNALLOCATED;
  const registers = { rd: rd(word), rn: rn(word), rm: rm(word), ra: ra(word) };
  if ((op === "smulh" || op === "umulh") && registers.ra !== 31) {
    return "constrained unpredictable: should-be-one field";
  }
  return { kind: "threeSource", op, width, ...registers } as const;
}

const SELECT = [
  ["csel", "csinc"],
  ["csinv", "csneg"],
] as const;

/** CSEL, CSINC, CSINV, CSNEG. */
function conditionalSelect(word: number) {
  const op = SELECT[bits(word, 30, 30)]![bits(word, 10, 10)]!;
  const registers = { rd: rd(word), rn: rn(word), rm: rm(word) };
  return { kind: "conditionalSelect", op, width: widthOf(word), ...registers, condition: bits(word, 15, 12) } as const;
}

/** CCMP, CCMN: compare if the condition holds, else set the flags to `nzcv`. `second` is a register or five bits. */
function conditionalCompare(word: number) {
  const operands = { rn: rn(word), second: rm(word), isImmediate: bit(word, 11) };
  const otherwise = { condition: bits(word, 15, 12), nzcv: bits(word, 3, 0) };
  const op = bit(word, 30) ? "ccmp" : "ccmn";
  return { kind: "conditionalCompare", op, width: widthOf(word), ...operands, ...otherwise } as const;
}

export const DATA_PROCESSING = [
  row("... 10000 ................... .....", address),
  row("... 100010 . ............ ..... .....", addSubImmediate),
  row("... 100100 . ...... ...... ..... .....", logicalImmediate),
  row("... 100101 .. ................ .....", moveWide),
  row("... 100110 . ...... ...... ..... .....", bitfield),
  row(".00 100111 . 0 ..... ...... ..... .....", extract),
  row("... 01010 .. . ..... ...... ..... .....", logicalShifted),
  row("... 01011 .. 0 ..... ...... ..... .....", addSubShifted),
  row("... 01011 00 1 ..... ... ... ..... .....", addSubExtended),
  row("... 11010000 ..... 000000 ..... .....", addSubCarry),
  row("..1 11010010 ..... .... . 0 ..... 0 ....", conditionalCompare),
  row("..0 11010100 ..... .... 0 . ..... .....", conditionalSelect),
  row(".10 11010110 00000 000... ..... .....", oneSource),
  row("110 11010110 00001 0..... ..... .....", authentication),
  row(".00 11010110 ..... 00.... ..... .....", twoSource),
  row(".00 11010110 ..... 010... ..... .....", crc32),
  row(".00 11011 ... ..... . ..... ..... .....", threeSource),
] as const;
