// Data processing: what the register of the result holds afterwards, and the flags. One function a class, each after the
// operation section of its page in the Arm manual.

import { s32, s64, u32, u64 } from "../bits.js";
import { C, N, V, Z } from "./condition.js";
import type {
  AddSubImmediate,
  AddSubShifted,
  Bitfield,
  LogicalImmediate,
  LogicalShifted,
  MoveWide,
  Reverse,
  Shift,
  ThreeSource,
  TwoSource,
  Width,
} from "./insn.js";
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

/** Add or subtract, with the flags of AddWithCarry: C is the carry out (no borrow), V a result of the wrong sign. */
function addSub(state: State, op: "add" | "sub", setFlags: boolean, width: Width, a: bigint, b: bigint): bigint {
  const result = wrap(op === "add" ? a + b : a - b, width);
  if (setFlags) {
    const carry = op === "add" ? result < a : a >= b;
    const exact = op === "add" ? signed(a, width) + signed(b, width) : signed(a, width) - signed(b, width);
    const overflow = signed(result, width) !== exact;
    state.nzcv = negativeAndZero(result, width) | (carry ? C : 0) | (overflow ? V : 0);
  }
  return result;
}

export function addSubImmediate(insn: AddSubImmediate, state: State): void {
  const { op, setFlags, width } = insn;
  state.write(insn.rd, width, addSub(state, op, setFlags, width, state.read(insn.rn, width), insn.value));
}

export function addSubShifted(insn: AddSubShifted, state: State): void {
  const { op, setFlags, width } = insn;
  const operand = shifted(state.read(insn.rm, width), insn.shift, insn.amount, width);
  state.write(insn.rd, width, addSub(state, op, setFlags, width, state.read(insn.rn, width), operand));
}

function logical(state: State, op: "and" | "orr" | "eor" | "ands", width: Width, a: bigint, b: bigint): bigint {
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

export function logicalImmediate(insn: LogicalImmediate, state: State): void {
  state.write(insn.rd, insn.width, logical(state, insn.op, insn.width, state.read(insn.rn, insn.width), insn.value));
}

export function logicalShifted(insn: LogicalShifted, state: State): void {
  const { op, width } = insn;
  const operand = shifted(state.read(insn.rm, width), insn.shift, insn.amount, width);
  const second = insn.invert ? wrap(~operand, width) : operand;
  state.write(insn.rd, width, logical(state, op, width, state.read(insn.rn, width), second));
}

export function moveWide(insn: MoveWide, state: State): void {
  const { op, width, rd } = insn;
  const shift = BigInt(insn.shift);
  const field = BigInt(insn.imm16) << shift;
  if (op === "movz") state.write(rd, width, field);
  else if (op === "movn") state.write(rd, width, ~field);
  else state.write(rd, width, (state.read(rd, width) & ~(0xffffn << shift)) | field);
}

/** imms >= immr extracts a field downwards to bit 0; otherwise the low imms + 1 bits go up to bit width - immr. */
export function bitfield(insn: Bitfield, state: State): void {
  const { op, width, immr, imms } = insn;
  const source = state.read(insn.rn, width);
  const extracts = imms >= immr;
  const bits = extracts ? imms - immr + 1 : imms + 1;
  const low = extracts ? source >> BigInt(immr) : source;
  const field = op === "sbfm" ? BigInt.asIntN(bits, low) : BigInt.asUintN(bits, low);
  state.write(insn.rd, width, extracts ? field : field << BigInt(width - immr));
}

/** Division by zero gives zero, and the quotient of the smallest number by -1 wraps to itself. */
function divide(a: bigint, b: bigint): bigint {
  return b === 0n ? 0n : a / b;
}

function twoSourceResult(op: TwoSource["op"], a: bigint, b: bigint, width: Width): bigint {
  // Shifts take the amount modulo the width.
  const amount = Number(b & BigInt(width - 1));
  switch (op) {
    case "udiv":
      return divide(a, b);
    case "sdiv":
      return divide(signed(a, width), signed(b, width));
    case "lslv":
      return shifted(a, "lsl", amount, width);
    case "lsrv":
      return shifted(a, "lsr", amount, width);
    case "asrv":
      return shifted(a, "asr", amount, width);
  }
}

export function twoSource({ op, width, rd, rn, rm }: TwoSource, state: State): void {
  state.write(rd, width, twoSourceResult(op, state.read(rn, width), state.read(rm, width), width));
}

export function threeSource(insn: ThreeSource, state: State): void {
  const { op, width } = insn;
  const product = state.read(insn.rn, width) * state.read(insn.rm, width);
  const addend = state.read(insn.ra, width);
  state.write(insn.rd, width, op === "madd" ? addend + product : addend - product);
}

export function reverse(insn: Reverse, state: State): void {
  const { bits, width } = insn;
  const source = state.read(insn.rn, width);
  const containerBytes = bits / 8;
  let result = 0n;
  for (let at = 0; at < width / 8; at++) {
    const within = at % containerBytes;
    const from = at - within + (containerBytes - 1 - within);
    result |= ((source >> BigInt(8 * from)) & 0xffn) << BigInt(8 * at);
  }
  state.write(insn.rd, width, result);
}
