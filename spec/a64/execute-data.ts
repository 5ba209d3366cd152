// Data processing: what the register of the result holds afterwards, and the flags. One function a class, each after the
// operation section of its page in the Arm manual.

import { s32, s64, u32, u64 } from "../bits.js";
import { pointer } from "./address.js";
import { stripped } from "./authentication.js";
import { C, conditionHolds, N, V, Z } from "./condition.js";
import type { Extend, Shift } from "./decode-data.js";
import type { Insn } from "./insn.js";
import type { Meanings } from "./meaning.js";
import type { Width } from "./registers.js";
import type { State } from "./state.js";

/** Wrap into `width` bits. */
const wrap = (value: bigint, width: Width): bigint => (width === 64 ? u64(value) : u32(value));
/** The `width`-bit value as a signed number. */
const signed = (value: bigint, width: Width): bigint => (width === 64 ? s64(value) : s32(value));

/** A shift by an immediate or register amount below `width` (ShiftReg). */
function shifted(value: bigint, shift: Shift, amount: number, width: Width): bigint {
  if (amount === 0) return value;
  const by = BigInt(amount);
  switch (shift) {
    case "lsl":
      return wrap(value << by, width);
    case "lsr":
      return value >> by;
    case "asr":
      return wrap(signed(value, width) >> by, width);
    case "ror":
      return wrap((value >> by) | (value << BigInt(width - amount)), width);
  }
}

const negativeAndZero = (result: bigint, width: Width): number =>
  (signed(result, width) < 0n ? N : 0) | (result === 0n ? Z : 0);

/** AddWithCarry: C is the carry out, V a result of the wrong sign. Subtraction adds the inverse, with a carry in. */
function addWithCarry(state: State, setFlags: boolean, width: Width, a: bigint, b: bigint, carry: bigint): bigint {
  const sum = a + b + carry;
  const result = wrap(sum, width);
  if (setFlags) {
    const carries = result !== sum;
    const overflows = signed(result, width) !== signed(a, width) + signed(b, width) + carry;
    state.nzcv = negativeAndZero(result, width) | (carries ? C : 0) | (overflows ? V : 0);
  }
  return result;
}

interface Sum {
  readonly op: "add" | "sub";
  readonly setFlags: boolean;
  readonly width: Width;
}
function addSub(state: State, { op, setFlags, width }: Sum, a: bigint, b: bigint): bigint {
  // Most sums need no flags.
  if (!setFlags) return wrap(op === "add" ? a + b : a - b, width);
  if (op === "add") return addWithCarry(state, setFlags, width, a, b, 0n);
  return addWithCarry(state, setFlags, width, a, wrap(~b, width), 1n);
}

const EXTENDED_BITS = { b: 8, h: 16, w: 32, x: 64 } as const;
/** The low bits of the register, widened (ExtendReg). */
function extended(register: bigint, extend: Extend): bigint {
  const bits = EXTENDED_BITS[extend[3] as keyof typeof EXTENDED_BITS];
  return extend[0] === "s" ? BigInt.asIntN(bits, register) : BigInt.asUintN(bits, register);
}

function logical(state: State, op: Insn<"logicalShifted">["op"], width: Width, a: bigint, b: bigint): bigint {
  switch (op) {
    case "and":
      return a & b;
    case "orr":
      return a | b;
    case "eor":
      return a ^ b;
    case "ands": {
      const result = a & b;
      state.nzcv = negativeAndZero(result, width);
      return result;
    }
  }
}

/**
 * imms >= immr extracts a field downwards to bit 0; otherwise the low imms + 1 bits go up to bit width - immr. Around them
 * is the sign, zero, or with BFM what the destination held.
 */
function bitfield({ op, width, rd, rn, immr, imms }: Insn<"bitfield">, state: State): void {
  const source = state.read(rn, width);
  const extracts = imms >= immr;
  const bits = extracts ? imms - immr + 1 : imms + 1;
  const at = extracts ? 0n : BigInt(width - immr);
  const low = extracts ? source >> BigInt(immr) : source;
  const field = (op === "sbfm" ? BigInt.asIntN(bits, low) : BigInt.asUintN(bits, low)) << at;
  const kept = op === "bfm" ? state.read(rd, width) & ~(((1n << BigInt(bits)) - 1n) << at) : 0n;
  state.write(rd, width, field | kept);
}

/** Division by zero gives zero, and the quotient of the smallest number by -1 wraps to itself. */
const divide = (a: bigint, b: bigint): bigint => (b === 0n ? 0n : a / b);

const SHIFT_OF = { lslv: "lsl", lsrv: "lsr", asrv: "asr", rorv: "ror" } as const;

function twoSourceResult(op: Insn<"twoSource">["op"], a: bigint, b: bigint, width: Width): bigint {
  switch (op) {
    case "udiv":
      return divide(a, b);
    case "sdiv":
      return divide(signed(a, width), signed(b, width));
    default:
      // Shifts take the amount modulo the width.
      return shifted(a, SHIFT_OF[op], Number(b & BigInt(width - 1)), width);
  }
}

/** Factors and addend are as wide as the result, or factors are halves of it. */
function product({ op, rn, rm, ra, width }: Insn<"threeSource">, state: State): bigint {
  const addend = state.read(ra, width);
  const [n, m] = [state.x[rn]!, state.x[rm]!];
  switch (op) {
    case "madd":
      return addend + n * m;
    case "msub":
      return addend - n * m;
    case "smaddl":
      return addend + s32(n) * s32(m);
    case "smsubl":
      return addend - s32(n) * s32(m);
    case "umaddl":
      return addend + u32(n) * u32(m);
    case "umsubl":
      return addend - u32(n) * u32(m);
    case "smulh":
      return (s64(n) * s64(m)) >> 64n;
    case "umulh":
      return (n * m) >> 64n;
  }
}

function reversedBytes(source: bigint, containerBytes: number, bytes: number): bigint {
  let result = 0n;
  for (let at = 0; at < bytes; at++) {
    const within = at % containerBytes;
    const from = at - within + (containerBytes - 1 - within);
    result |= ((source >> BigInt(8 * from)) & 0xffn) << BigInt(8 * at);
  }
  return result;
}

/** @param source an unsigned number */
const leadingZeros = (source: bigint, width: number): bigint =>
  BigInt(width - (source === 0n ? 0 : source.toString(2).length));

function oneSourceResult(op: Insn<"oneSource">["op"], source: bigint, width: Width): bigint {
  switch (op) {
    case "rbit":
      return BigInt(`0b${[...source.toString(2).padStart(width, "0")].reverse().join("")}`);
    case "clz":
      return leadingZeros(source, width);
    // The bits below the sign that equal it.
    case "cls":
      return leadingZeros(BigInt.asUintN(width - 1, source ^ (source >> 1n)), width - 1);
  }
}

/** Polynomials with their bits reversed, as each byte is. */
const POLYNOMIAL = 0xedb8_8320n;
const CASTAGNOLI = 0x82f6_3b78n;

/** The remainder goes on without a change of sign or order before or after. */
function crc(value: bigint, bytes: number, remainder: bigint, polynomial: bigint): bigint {
  let crc = remainder ^ BigInt.asUintN(8 * bytes, value);
  for (let bit = 0; bit < 8 * bytes; bit++) crc = (crc >> 1n) ^ (crc & 1n ? polynomial : 0n);
  return crc;
}

/** What the second operand becomes if it is selected. */
function otherwise(op: Insn<"conditionalSelect">["op"], m: bigint): bigint {
  switch (op) {
    case "csel":
      return m;
    case "csinc":
      return m + 1n;
    case "csinv":
      return ~m;
    case "csneg":
      return -m;
  }
}

export const DATA_MEANINGS: Meanings<
  | "address"
  | "addSubImmediate"
  | "addSubShifted"
  | "addSubExtended"
  | "addSubCarry"
  | "logicalImmediate"
  | "logicalShifted"
  | "moveWide"
  | "bitfield"
  | "extract"
  | "reverse"
  | "oneSource"
  | "authentication"
  | "twoSource"
  | "crc32"
  | "threeSource"
  | "conditionalSelect"
  | "conditionalCompare"
> = {
  address({ page, rd, offset }, state, _memory, pc) {
    return void state.write(rd, 64, pointer((page ? pc - (pc % 4096) : pc) + offset));
  },
  addSubImmediate(insn, state) {
    const { width } = insn;
    return void state.write(insn.rd, width, addSub(state, insn, state.read(insn.rn, width), insn.value));
  },
  addSubShifted(insn, state) {
    const { width } = insn;
    const operand = shifted(state.read(insn.rm, width), insn.shift, insn.amount, width);
    return void state.write(insn.rd, width, addSub(state, insn, state.read(insn.rn, width), operand));
  },
  addSubExtended(insn, state) {
    const { width } = insn;
    const operand = wrap(extended(state.x[insn.rm]!, insn.extend) << BigInt(insn.amount), width);
    return void state.write(insn.rd, width, addSub(state, insn, state.read(insn.rn, width), operand));
  },
  addSubCarry({ op, setFlags, width, rd, rn, rm }, state) {
    const operand = state.read(rm, width);
    const second = op === "add" ? operand : wrap(~operand, width);
    const carry = (state.nzcv & C) !== 0 ? 1n : 0n;
    return void state.write(rd, width, addWithCarry(state, setFlags, width, state.read(rn, width), second, carry));
  },
  logicalImmediate({ op, width, rd, rn, value }, state) {
    return void state.write(rd, width, logical(state, op, width, state.read(rn, width), value));
  },
  logicalShifted(insn, state) {
    const { op, width } = insn;
    const operand = shifted(state.read(insn.rm, width), insn.shift, insn.amount, width);
    const second = insn.invert ? wrap(~operand, width) : operand;
    return void state.write(insn.rd, width, logical(state, op, width, state.read(insn.rn, width), second));
  },
  moveWide(insn, state) {
    const { op, width, rd } = insn;
    const shift = BigInt(insn.shift);
    const field = BigInt(insn.imm16) << shift;
    if (op === "movz") state.write(rd, width, field);
    else if (op === "movn") state.write(rd, width, ~field);
    else state.write(rd, width, (state.read(rd, width) & ~(0xffffn << shift)) | field);
    return undefined;
  },
  bitfield: (insn, state) => void bitfield(insn, state),
  extract({ width, rd, rn, rm, lsb }, state) {
    const pair = (state.read(rn, width) << BigInt(width)) | state.read(rm, width);
    return void state.write(rd, width, pair >> BigInt(lsb));
  },
  reverse({ bits, width, rd, rn }, state) {
    return void state.write(rd, width, reversedBytes(state.read(rn, width), bits / 8, width / 8));
  },
  oneSource({ op, width, rd, rn }, state) {
    return void state.write(rd, width, oneSourceResult(op, state.read(rn, width), width));
  },
  /** With keys turned off, only what strips does something. */
  authentication({ op, rd }, state) {
    if (op === "xpaci" || op === "xpacd") state.write(rd, 64, stripped(state.x[rd]!));
    return undefined;
  },
  twoSource({ op, width, rd, rn, rm }, state) {
    return void state.write(rd, width, twoSourceResult(op, state.read(rn, width), state.read(rm, width), width));
  },
  crc32({ bytes, castagnoli, rd, rn, rm }, state) {
    const polynomial = castagnoli ? CASTAGNOLI : POLYNOMIAL;
    return void state.write(rd, 32, crc(state.x[rm]!, bytes, state.read(rn, 32), polynomial));
  },
  threeSource: (insn, state) => void state.write(insn.rd, insn.width, product(insn, state)),
  conditionalSelect({ op, width, rd, rn, rm, condition }, state) {
    const isFirst = conditionHolds(condition, state.nzcv);
    return void state.write(rd, width, isFirst ? state.read(rn, width) : otherwise(op, state.read(rm, width)));
  },
  conditionalCompare({ op, width, rn, second, isImmediate, condition, nzcv }, state) {
    if (!conditionHolds(condition, state.nzcv)) {
      state.nzcv = nzcv;
      return undefined;
    }
    const operand = isImmediate ? BigInt(second) : state.read(second, width);
    const sum = { op: op === "ccmp" ? "sub" : "add", setFlags: true, width } as const;
    return void addSub(state, sum, state.read(rn, width), operand);
  },
};
