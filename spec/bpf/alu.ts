// What the arithmetic rows compute: RFC 9669 section 4.1, one line an operation and width, so that a new row without a
// meaning does not compile. A 32-bit operation reads the low halves of its operands and zero-extends its result.

import { s32, s64, type U64, u32, u64 } from "../bits.js";
import type { AluOp, MovsxRow, Width } from "./isa.js";

/** The new value of dst. */
type Binary = (dst: U64, src: U64) => U64;

const ZERO = u64(0n);

const ALU64: Record<AluOp, Binary> = {
  add: (dst, src) => u64(dst + src),
  sub: (dst, src) => u64(dst - src),
  mul: (dst, src) => u64(dst * src),
  div: (dst, src) => (src === 0n ? ZERO : u64(dst / src)),
  // bigint division truncates towards zero, as BPF asks; INT64_MIN / -1 is 2^63, which wraps to INT64_MIN.
  sdiv: (dst, src) => (src === 0n ? ZERO : u64(s64(dst) / s64(src))),
  or: (dst, src) => u64(dst | src),
  and: (dst, src) => u64(dst & src),
  lsh: (dst, src) => u64(dst << (src & 63n)),
  rsh: (dst, src) => u64(dst >> (src & 63n)),
  mod: (dst, src) => (src === 0n ? dst : u64(dst % src)),
  // The remainder takes the sign of the dividend.
  smod: (dst, src) => (src === 0n ? dst : u64(s64(dst) % s64(src))),
  xor: (dst, src) => u64(dst ^ src),
  mov: (_, src) => src,
  arsh: (dst, src) => u64(s64(dst) >> (src & 63n)),
};

const ALU32: Record<AluOp, Binary> = {
  add: (dst, src) => u32(dst + src),
  sub: (dst, src) => u32(dst - src),
  mul: (dst, src) => u32(dst * src),
  div: (dst, src) => (u32(src) === 0n ? ZERO : u32(u32(dst) / u32(src))),
  sdiv: (dst, src) => (u32(src) === 0n ? ZERO : u32(s32(dst) / s32(src))),
  or: (dst, src) => u32(dst | src),
  and: (dst, src) => u32(dst & src),
  lsh: (dst, src) => u32(dst << (src & 31n)),
  rsh: (dst, src) => u32(u32(dst) >> (src & 31n)),
  mod: (dst, src) => (u32(src) === 0n ? u32(dst) : u32(u32(dst) % u32(src))),
  smod: (dst, src) => (u32(src) === 0n ? u32(dst) : u32(s32(dst) % s32(src))),
  xor: (dst, src) => u32(dst ^ src),
  mov: (_, src) => u32(src),
  arsh: (dst, src) => u32(s32(dst) >> (src & 31n)),
};

export const ALU: Record<Width, Record<AluOp, Binary>> = { 64: ALU64, 32: ALU32 };

export const NEG: Record<Width, (dst: U64) => U64> = {
  64: (dst) => u64(-dst),
  32: (dst) => u32(-dst),
};

/** Sign-extend the low `from` bits to the width, then zero-extend to 64. */
export const MOVSX: Record<Width, (src: U64, from: MovsxRow["from"]) => U64> = {
  64: (src, from) => u64(BigInt.asIntN(from, src)),
  32: (src, from) => u32(BigInt.asIntN(from, src)),
};
