// What the atomic rows put into memory: RFC 9669 section 5.3. Where the old value goes is the same for all of them, see
// `steps-memory.ts`. The caller truncates to the width of the access.

import type { U64 } from "../bits.js";
import { u64 } from "../bits.js";
import type { AtomicOp } from "./isa.js";

/**
 * The new contents of the memory.
 *
 * @param old what the memory holds, zero-extended
 * @param src the operand, truncated to the width
 * @param expected r0, truncated to the width: what `cmpxchg` compares with
 */
export const ATOMIC: Record<AtomicOp, (old: U64, src: U64, expected: U64) => U64> = {
  add: (old, src) => u64(old + src),
  or: (old, src) => u64(old | src),
  and: (old, src) => u64(old & src),
  xor: (old, src) => u64(old ^ src),
  xchg: (_, src) => src,
  cmpxchg: (old, src, expected) => (old === expected ? src : old),
};
