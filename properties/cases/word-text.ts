// 64-bit words in the files of lessons: small ones in decimal, the rest in hexadecimal, negative ones as one likes.

import { type U64, u64 } from "../../spec/bits.js";
import { signedNumber } from "../../spec/bpf/text/token.js";

export const printWord = (value: bigint): string => (value < 1000n ? `${value}` : `0x${value.toString(16)}`);

/** Undefined if it is none. */
export function readWord(text: string): U64 | undefined {
  const value = signedNumber(text.replace(/^-/, ""), text.startsWith("-"), 64);
  return value === undefined ? undefined : u64(value);
}
