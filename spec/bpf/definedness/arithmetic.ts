// Which bits of a result are defined, one line an operation: as far as the operands' bits are, with carries upward, and
// never more than that. A pointer stays one where it is moved by a number; in any other operation it is a number.

import { s64, u64 } from "../../bits.js";
import { ALU, MOVSX } from "../alu.js";
import { BYTE_ORDER } from "../byte-order.js";
import type { AluOp, EndRow, MovsxRow, Width } from "../isa.js";
import { bitsOf, DEFINED, type Value } from "./value.js";

/** An operand with its bits. */
export interface Operand extends Value {
  readonly bits: bigint;
}

const widthMask = (width: Width): bigint => (width === 64 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn);

/** All bits from the lowest undefined one up: a carry may have come through it. */
const upward = (bits: bigint): bigint => bits | u64(-bits);
const allIfAny = (bits: bigint): bigint => (bits === 0n ? 0n : 0xffff_ffff_ffff_ffffn);

type Rule = (dst: Operand, src: Operand, width: Width) => bigint;
const carried: Rule = (dst, src) => upward(dst.undefined | src.undefined);
const divided: Rule = (dst, src) => allIfAny(dst.undefined | src.undefined);
const shifted =
  (op: "lsh" | "rsh" | "arsh"): Rule =>
  (dst, src, width) => {
    const distance = src.undefined & BigInt(width - 1);
    return distance === 0n ? ALU[width][op](u64(dst.undefined), u64(src.bits)) : allIfAny(distance);
  };

/** The undefined bits of the result; operands are cut to the width, and so is the result. */
const UNDEFINED_BITS: Record<AluOp, Rule> = {
  add: carried,
  sub: carried,
  mul: carried,
  div: divided,
  sdiv: divided,
  mod: divided,
  smod: divided,
  // A defined one in an `or`, or a defined zero in an `and`, is the result whatever the other bit is.
  or: (dst, src) => (dst.undefined | src.undefined) & ~(dst.bits & ~dst.undefined) & ~(src.bits & ~src.undefined),
  and: (dst, src) => (dst.undefined | src.undefined) & (dst.bits | dst.undefined) & (src.bits | src.undefined),
  xor: (dst, src) => dst.undefined | src.undefined,
  mov: (_, src) => src.undefined,
  lsh: shifted("lsh"),
  rsh: shifted("rsh"),
  arsh: shifted("arsh"),
};

export function arithmetic(op: AluOp, width: Width, dst: Operand, src: Operand): Value {
  if (width === 64) {
    if (op === "mov") return src;
    const moved = op === "add" || op === "sub" ? movedPointer(op, dst, src) : undefined;
    if (moved !== undefined) return moved;
    if (op === "sub" && dst.target !== undefined && dst.target === src.target) return DEFINED;
  }
  if (dst.undefined === 0n && src.undefined === 0n) return DEFINED;
  const mask = widthMask(width);
  const cut = ({ bits, undefined: holes }: Operand): Operand => ({ bits: bits & mask, undefined: holes & mask });
  return bitsOf(UNDEFINED_BITS[op](cut(dst), cut(src), width) & mask);
}

/** A pointer that is moved by a defined number. */
function movedPointer(op: "add" | "sub", dst: Operand, src: Operand): Value | undefined {
  if (dst.target !== undefined && isNumber(src)) return plain(dst);
  return op === "add" && src.target !== undefined && isNumber(dst) ? plain(src) : undefined;
}

/** What may be a pointer moves another one as a number does. */
const isNumber = ({ undefined: holes, target }: Operand): boolean =>
  holes === 0n && (target === undefined || target.kind === "unknown");

const plain = ({ undefined: holes, target }: Operand): Value => ({ undefined: holes, target });

export const negation = ({ undefined: holes }: Value, width: Width): Value =>
  bitsOf(upward(holes & widthMask(width)) & widthMask(width));

export const extension = ({ undefined: holes }: Value, { width, from }: MovsxRow): Value =>
  bitsOf(MOVSX[width](u64(holes), from));

/** Bytes change places, and those beyond the width become zero. */
export const reordering = ({ undefined: holes }: Value, { order, bits }: Pick<EndRow, "order" | "bits">): Value =>
  bitsOf(BYTE_ORDER[order](u64(holes), bits));

/** A loaded value of `size` bytes, sign-extended or not. */
export const widened = (holes: bigint, size: number, signed: boolean): bigint =>
  signed ? u64(s64(u64(BigInt.asIntN(size * 8, holes)))) : holes;
