// Disassembly of the data-processing classes, most of which have a preferred alias in some corner.

import { s32, s64 } from "../bits.js";
import {
  type AddSubImmediate,
  type AddSubShifted,
  type Bitfield,
  type LogicalImmediate,
  type LogicalShifted,
  type MoveWide,
  type Reverse,
  SP,
  type ThreeSource,
  type TwoSource,
  type Width,
  ZR,
} from "./insn.js";
import { line, number, regName, shiftSuffix } from "./text-parts.js";

/** CMP and CMN discard the result; a move to or from SP adds zero. */
export function addSubImmediate({ op, setFlags, width, rd, rn, imm12, shift }: AddSubImmediate): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const operand = `${number(imm12)}${shiftSuffix("lsl", shift)}`;
  if (setFlags && rd === ZR) return line(op === "add" ? "cmn" : "cmp", n, operand);
  if (op === "add" && !setFlags && imm12 === 0 && shift === 0 && (rd === SP || rn === SP)) return line("mov", d, n);
  return line(`${op}${setFlags ? "s" : ""}`, d, n, operand);
}

/** NEG and NEGS subtract from zero. */
export function addSubShifted({ op, setFlags, width, rd, rn, rm, shift, amount }: AddSubShifted): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const operand = `${regName(rm, width)}${shiftSuffix(shift, amount)}`;
  const s = setFlags ? "s" : "";
  if (setFlags && rd === ZR) return line(op === "add" ? "cmn" : "cmp", n, operand);
  if (op === "sub" && rn === ZR) return line(`neg${s}`, d, operand);
  return line(`${op}${s}`, d, n, operand);
}

const signed = (value: bigint, width: Width): bigint => (width === 64 ? s64(value) : s32(value));

/** Capstone writes the pattern of ANDS and TST as a signed number, the others' as an unsigned one. */
export function logicalImmediate({ op, width, rd, rn, value }: LogicalImmediate): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  if (op === "ands") return rd === ZR ? line("tst", n, number(s64(value))) : line(op, d, n, number(s64(value)));
  if (op === "orr" && rn === ZR) return line("mov", d, number(signed(value, width)));
  return line(op, d, n, number(value));
}

const INVERTED = { and: "bic", orr: "orn", eor: "eon", ands: "bics" } as const;

export function logicalShifted({ op, invert, width, rd, rn, rm, shift, amount }: LogicalShifted): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const operand = `${regName(rm, width)}${shiftSuffix(shift, amount)}`;
  if (op === "ands" && !invert && rd === ZR) return line("tst", n, operand);
  if (op === "orr" && rn === ZR && invert) return line("mvn", d, operand);
  if (op === "orr" && rn === ZR && shift === "lsl" && amount === 0) return line("mov", d, operand);
  return line(invert ? INVERTED[op] : op, d, n, operand);
}

/** MOVZ of zero is a move only unshifted, and MOVN only of a value that no MOVZ makes. */
export function moveWide({ op, width, rd, imm16, shift }: MoveWide): string {
  const d = regName(rd, width);
  const moved = BigInt(imm16) << BigInt(shift);
  const isCanonical = imm16 !== 0 || shift === 0;
  if (op === "movz" && isCanonical) return line("mov", d, number(signed(moved, width)));
  if (op === "movn" && isCanonical && !(width === 32 && imm16 === 0xffff)) {
    return line("mov", d, number(signed(~moved, width)));
  }
  return line(op, d, `${number(imm16)}${shiftSuffix("lsl", shift)}`);
}

const EXTENDS: Readonly<Record<number, string>> = { 7: "xtb", 15: "xth", 31: "xtw" };

/** Extensions from bit 0, shifts up or down to the last bit, and the rest as inserted or extracted fields. */
export function bitfield({ op, width, rd, rn, immr, imms }: Bitfield): string {
  const isSigned = op === "sbfm";
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const extend = immr === 0 && imms !== width - 1 ? EXTENDS[imms] : undefined;
  if (extend !== undefined && (isSigned || width === 32)) {
    return line(`${isSigned ? "s" : "u"}${extend}`, d, regName(rn, 32));
  }
  if (imms === width - 1) return line(isSigned ? "asr" : "lsr", d, n, number(immr));
  if (!isSigned && imms + 1 === immr) return line("lsl", d, n, number(width - immr));
  const prefix = isSigned ? "sbf" : "ubf";
  if (imms < immr) return line(`${prefix}iz`, d, n, number(width - immr), number(imms + 1));
  return line(`${prefix}x`, d, n, number(immr), number(imms - immr + 1));
}

const TWO_SOURCE = { udiv: "udiv", sdiv: "sdiv", lslv: "lsl", lsrv: "lsr", asrv: "asr" } as const;

export const twoSource = ({ op, width, rd, rn, rm }: TwoSource): string =>
  line(TWO_SOURCE[op], regName(rd, width), regName(rn, width), regName(rm, width));

export function threeSource({ op, width, rd, rn, rm, ra }: ThreeSource): string {
  const product = [regName(rd, width), regName(rn, width), regName(rm, width)];
  if (ra === ZR) return line(op === "madd" ? "mul" : "mneg", ...product);
  return line(op, ...product, regName(ra, width));
}

/** The reversal of a whole register is plain REV. */
export const reverse = ({ bits, width, rd, rn }: Reverse): string =>
  line(bits === width ? "rev" : `rev${bits}`, regName(rd, width), regName(rn, width));
