// Disassembly of the data-processing classes, most of which have a preferred alias in some corner.

import { s32, s64 } from "../bits.js";
import { CONDITIONS } from "./condition.js";
import type { Insn } from "./insn.js";
import { SP, type Width, ZR } from "./registers.js";
import { line, number, regName, shiftSuffix } from "./text-parts.js";

/** CMP and CMN discard the result; a move to or from SP adds zero. */
export function addSubImmediate({ op, setFlags, width, rd, rn, imm12, shift }: Insn<"addSubImmediate">): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const operand = `${number(imm12)}${shiftSuffix("lsl", shift)}`;
  if (setFlags && rd === ZR) return line(op === "add" ? "cmn" : "cmp", n, operand);
  if (op === "add" && !setFlags && imm12 === 0 && shift === 0 && (rd === SP || rn === SP)) return line("mov", d, n);
  return line(`${op}${setFlags ? "s" : ""}`, d, n, operand);
}

/** NEG and NEGS subtract from zero. */
export function addSubShifted({ op, setFlags, width, rd, rn, rm, shift, amount }: Insn<"addSubShifted">): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const operand = `${regName(rm, width)}${shiftSuffix(shift, amount)}`;
  const s = setFlags ? "s" : "";
  if (setFlags && rd === ZR) return line(op === "add" ? "cmn" : "cmp", n, operand);
  if (op === "sub" && rn === ZR) return line(`neg${s}`, d, operand);
  return line(`${op}${s}`, d, n, operand);
}

const signed = (value: bigint, width: Width): bigint => (width === 64 ? s64(value) : s32(value));

/** Capstone writes the pattern of ANDS and TST as a signed number, the others' as an unsigned one. */
export function logicalImmediate({ op, width, rd, rn, value }: Insn<"logicalImmediate">): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  if (op === "ands") return rd === ZR ? line("tst", n, number(s64(value))) : line(op, d, n, number(s64(value)));
  if (op === "orr" && rn === ZR) return line("mov", d, number(signed(value, width)));
  return line(op, d, n, number(value));
}

const INVERTED = { and: "bic", orr: "orn", eor: "eon", ands: "bics" } as const;

export function logicalShifted({ op, invert, width, rd, rn, rm, shift, amount }: Insn<"logicalShifted">): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const operand = `${regName(rm, width)}${shiftSuffix(shift, amount)}`;
  if (op === "ands" && !invert && rd === ZR) return line("tst", n, operand);
  if (op === "orr" && rn === ZR && invert) return line("mvn", d, operand);
  if (op === "orr" && rn === ZR && shift === "lsl" && amount === 0) return line("mov", d, operand);
  return line(invert ? INVERTED[op] : op, d, n, operand);
}

/** MOVZ of zero is a move only unshifted, and MOVN only of a value that no MOVZ makes. */
export function moveWide({ op, width, rd, imm16, shift }: Insn<"moveWide">): string {
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

/** A field of the low bits of another, or into them; of zero it clears. */
function inserted({ width, rd, rn, immr, imms }: Insn<"bitfield">): string {
  const [d, n] = [regName(rd, width), regName(rn, width)];
  const field = [number((width - immr) % width), number(imms + 1)];
  // The architecture prefers "bfxil" where the field starts at bit 0; assemblers write "bfc" there too.
  if (rn === ZR && (immr === 0 || imms < immr)) return line("bfc", d, ...field);
  if (imms >= immr) return line("bfxil", d, n, number(immr), number(imms - immr + 1));
  return line("bfi", d, n, ...field);
}

/** Extensions from bit 0, shifts up or down to the last bit, and the rest as inserted or extracted fields. */
export function bitfield(insn: Insn<"bitfield">): string {
  const { op, width, rd, rn, immr, imms } = insn;
  if (op === "bfm") return inserted(insn);
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

/** The amount of a shift left by an extended register; from or to SP the plain extension is a shift. */
export function addSubExtended(insn: Insn<"addSubExtended">): string {
  const { op, setFlags, width, rd, rn, rm, extend, amount } = insn;
  const isWhole = extend === (width === 64 ? "uxtx" : "uxtw");
  const how = isWhole && (rn === SP || rd === SP) ? "lsl" : extend;
  const index = regName(rm, width === 64 && extend.endsWith("x") ? 64 : 32);
  const suffix = how === "lsl" ? shiftSuffix(how, amount) : `, ${how}${amount === 0 ? "" : ` #${amount}`}`;
  const operand = `${index}${suffix}`;
  const n = regName(rn, width);
  if (setFlags && rd === ZR) return line(op === "add" ? "cmn" : "cmp", n, operand);
  return line(`${op}${setFlags ? "s" : ""}`, regName(rd, width), n, operand);
}

export function addSubCarry({ op, setFlags, width, rd, rn, rm }: Insn<"addSubCarry">): string {
  const [d, n, m] = [regName(rd, width), regName(rn, width), regName(rm, width)];
  const s = setFlags ? "s" : "";
  if (op === "sub" && rn === ZR) return line(`ngc${s}`, d, m);
  return line(`${op === "add" ? "adc" : "sbc"}${s}`, d, n, m);
}

/** Of one register twice it is a rotation. */
export function extract({ width, rd, rn, rm, lsb }: Insn<"extract">): string {
  const [d, n, m] = [regName(rd, width), regName(rn, width), regName(rm, width)];
  return rn === rm ? line("ror", d, n, number(lsb)) : line("extr", d, n, m, number(lsb));
}

const TWO_SOURCE = { udiv: "udiv", sdiv: "sdiv", lslv: "lsl", lsrv: "lsr", asrv: "asr", rorv: "ror" } as const;

export const twoSource = ({ op, width, rd, rn, rm }: Insn<"twoSource">): string =>
  line(TWO_SOURCE[op], regName(rd, width), regName(rn, width), regName(rm, width));

export const oneSource = ({ op, width, rd, rn }: Insn<"oneSource">): string =>
  line(op, regName(rd, width), regName(rn, width));

const CRC_SIZES = { 1: "b", 2: "h", 4: "w", 8: "x" } as const;

export const crc32 = ({ bytes, castagnoli, rd, rn, rm }: Insn<"crc32">): string =>
  line(
    `crc32${castagnoli ? "c" : ""}${CRC_SIZES[bytes]}`,
    regName(rd, 32),
    regName(rn, 32),
    regName(rm, bytes === 8 ? 64 : 32),
  );

/** A sum with nothing is a product. */
const PRODUCTS = {
  ...{ madd: "mul", msub: "mneg", smaddl: "smull", smsubl: "smnegl", umaddl: "umull", umsubl: "umnegl" },
  ...{ smulh: "smulh", umulh: "umulh" },
} as const;

export function threeSource({ op, width, rd, rn, rm, ra }: Insn<"threeSource">): string {
  const factors = op.endsWith("l") ? 32 : width;
  const product = [regName(rd, width), regName(rn, factors), regName(rm, factors)];
  return ra === ZR ? line(PRODUCTS[op], ...product) : line(op, ...product, regName(ra, width));
}

/** The reversal of a whole register is plain REV. */
export const reverse = ({ bits, width, rd, rn }: Insn<"reverse">): string =>
  line(bits === width ? "rev" : `rev${bits}`, regName(rd, width), regName(rn, width));

/** XPACI and XPACD have one operand; without a modifier a Z is added to the name. */
export function authentication({ op, rd, rn }: Insn<"authentication">): string {
  const d = regName(rd, 64);
  if (op === "xpaci" || op === "xpacd") return line(op, d);
  if (rn !== undefined) return line(op, d, regName(rn, 64));
  // PACIZA, AUTDZB: the key comes last.
  return line(`${op.slice(0, 4)}z${op[4]}`, d);
}

const inverse = (condition: number): string => CONDITIONS[condition ^ 1]!;

/** Of one register twice, or of zero twice, it is a change of that register if the inverse holds. */
export function conditionalSelect({ op, width, rd, rn, rm, condition }: Insn<"conditionalSelect">): string {
  const [d, n, m] = [regName(rd, width), regName(rn, width), regName(rm, width)];
  const isAlias = rn === rm && condition < 14;
  if (isAlias && op === "csneg") return line("cneg", d, n, inverse(condition));
  if (isAlias && op === "csinc") {
    return rn === ZR ? line("cset", d, inverse(condition)) : line("cinc", d, n, inverse(condition));
  }
  if (isAlias && op === "csinv") {
    return rn === ZR ? line("csetm", d, inverse(condition)) : line("cinv", d, n, inverse(condition));
  }
  return line(op, d, n, m, CONDITIONS[condition]!);
}

export function conditionalCompare(insn: Insn<"conditionalCompare">): string {
  const { op, width, rn, second, isImmediate, condition, nzcv } = insn;
  const operand = isImmediate ? number(second) : regName(second, width);
  return line(op, regName(rn, width), operand, number(nzcv), CONDITIONS[condition]!);
}
