// Data processing: the classes of the Arm manual's sections "Data Processing -- Immediate" and "-- Register".

import { decodeBitmask } from "./bitmask.js";
import {
  bit,
  bits,
  type Decoded,
  orSp,
  ra,
  rd,
  rm,
  rn,
  signedBits,
  UNALLOCATED,
  UNMODELLED,
  widthOf,
} from "./fields.js";
import { SHIFTS } from "./insn.js";

/** ADR. */
export function address(word: number): Decoded {
  return { kind: "address", rd: rd(word), offset: signedBits(word, 23, 5) * 4 + bits(word, 30, 29) };
}

/** ADD, ADDS, SUB, SUBS (immediate). The flag-setting forms write ZR, the others SP. */
export function addSubImmediate(word: number): Decoded {
  const setFlags = bit(word, 29);
  const imm12 = bits(word, 21, 10);
  const shift = bit(word, 22) ? 12 : 0;
  return {
    kind: "addSubImmediate",
    op: bit(word, 30) ? "sub" : "add",
    setFlags,
    width: widthOf(word),
    rd: setFlags ? rd(word) : orSp(rd(word)),
    rn: orSp(rn(word)),
    imm12,
    shift,
    value: BigInt(imm12 << shift),
  };
}

/** ADD, ADDS, SUB, SUBS (shifted register). */
export function addSubShifted(word: number): Decoded {
  const width = widthOf(word);
  const shift = SHIFTS[bits(word, 23, 22)]!;
  const amount = bits(word, 15, 10);
  if (shift === "ror" || amount >= width) return UNALLOCATED;
  return {
    kind: "addSubShifted",
    op: bit(word, 30) ? "sub" : "add",
    setFlags: bit(word, 29),
    width,
    rd: rd(word),
    rn: rn(word),
    rm: rm(word),
    shift,
    amount,
  };
}

const LOGICAL = ["and", "orr", "eor", "ands"] as const;

/** AND, ORR, EOR (which write SP), ANDS (immediate). */
export function logicalImmediate(word: number): Decoded {
  const width = widthOf(word);
  const op = LOGICAL[bits(word, 30, 29)]!;
  const value = decodeBitmask(bits(word, 22, 22), bits(word, 21, 16), bits(word, 15, 10), width);
  if (value === undefined) return UNALLOCATED;
  return {
    kind: "logicalImmediate",
    op,
    width,
    rd: op === "ands" ? rd(word) : orSp(rd(word)),
    rn: rn(word),
    value,
  };
}

/** AND, BIC, ORR, ORN, EOR, EON, ANDS, BICS (shifted register). */
export function logicalShifted(word: number): Decoded {
  const width = widthOf(word);
  const amount = bits(word, 15, 10);
  if (amount >= width) return UNALLOCATED;
  return {
    kind: "logicalShifted",
    op: LOGICAL[bits(word, 30, 29)]!,
    invert: bit(word, 21),
    width,
    rd: rd(word),
    rn: rn(word),
    rm: rm(word),
    shift: SHIFTS[bits(word, 23, 22)]!,
    amount,
  };
}

const MOVE_WIDE = ["movn", undefined, "movz", "movk"] as const;
const HALFWORDS = [0, 16, 32, 48] as const;

/** MOVN, MOVZ, MOVK. */
export function moveWide(word: number): Decoded {
  const width = widthOf(word);
  const op = MOVE_WIDE[bits(word, 30, 29)];
  const shift = HALFWORDS[bits(word, 22, 21)]!;
  if (op === undefined || shift >= width) return UNALLOCATED;
  return { kind: "moveWide", op, width, rd: rd(word), imm16: bits(word, 20, 5), shift };
}

const BITFIELD = ["sbfm", "bfm", "ubfm", undefined] as const;

/** SBFM, UBFM. The N bit repeats the width. */
export function bitfield(word: number): Decoded {
  const width = widthOf(word);
  const op = BITFIELD[bits(word, 30, 29)];
  const immr = bits(word, 21, 16);
  const imms = bits(word, 15, 10);
  if (op === undefined || bit(word, 22) !== (width === 64) || immr >= width || imms >= width) return UNALLOCATED;
  if (op === "bfm") return UNMODELLED;
  return { kind: "bitfield", op, width, rd: rd(word), rn: rn(word), immr, imms };
}

const REVERSE_BITS: Readonly<Record<number, 16 | 32 | 64>> = { 1: 16, 2: 32, 3: 64 };
const TWO_SOURCE = { 2: "udiv", 3: "sdiv", 8: "lslv", 9: "lsrv", 10: "asrv" } as const;

/** REV16, REV32, REV (bit 30 set); UDIV, SDIV, LSLV, LSRV, ASRV (bit 30 clear). */
export function oneOrTwoSource(word: number): Decoded {
  const width = widthOf(word);
  const opcode = bits(word, 15, 10);
  if (bit(word, 29)) return UNMODELLED;
  if (bit(word, 30)) {
    const container = REVERSE_BITS[opcode];
    if (bits(word, 20, 16) !== 0 || container === undefined) return UNMODELLED;
    if (container > width) return UNALLOCATED;
    return { kind: "reverse", bits: container, width, rd: rd(word), rn: rn(word) };
  }
  const op = TWO_SOURCE[opcode as keyof typeof TWO_SOURCE];
  if (op === undefined) return UNMODELLED;
  return { kind: "twoSource", op, width, rd: rd(word), rn: rn(word), rm: rm(word) };
}

/** MADD, MSUB. */
export function threeSource(word: number): Decoded {
  if (bits(word, 30, 29) !== 0) return UNALLOCATED;
  if (bits(word, 23, 21) !== 0) return UNMODELLED;
  const op = bit(word, 15) ? "msub" : "madd";
  return { kind: "threeSource", op, width: widthOf(word), rd: rd(word), rn: rn(word), rm: rm(word), ra: ra(word) };
}
