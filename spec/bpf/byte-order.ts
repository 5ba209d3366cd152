// What the byte order rows compute: RFC 9669 section 4.2. The bits above the width become zero. The simulated machine is
// little-endian, so `le` only truncates.

import { type U64, u64 } from "../bits.js";
import type { ByteOrder, EndRow } from "./isa.js";

type Bits = EndRow["bits"];

function reverseBytes(value: U64, bits: Bits): U64 {
  let reversed = 0n;
  for (let at = 0; at < bits; at += 8) reversed = (reversed << 8n) | ((value >> BigInt(at)) & 0xffn);
  return u64(reversed);
}

/** The new value of dst. */
export const BYTE_ORDER: Record<ByteOrder, (dst: U64, bits: Bits) => U64> = {
  le: (dst, bits) => BigInt.asUintN(bits, dst) as U64,
  be: reverseBytes,
  swap: reverseBytes,
};
