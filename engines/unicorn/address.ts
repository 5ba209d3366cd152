// Addresses on the way to and from the emulator: it takes signed 64-bit numbers, of which the kernel's half is
// -2^48 .. -1, and the machine takes the low 48 bits.

import type { Va } from "../../machine/address.js";
import { hex64 } from "../../spec/bits.js";
import type { GuestAddress } from "./library.js";

const HALF = 2 ** 48;

export const signed = (va: Va): number => va - HALF;

/** Undefined if it is not a kernel address. */
export function vaOf(address: GuestAddress): Va | undefined {
  return typeof address === "number" && address < 0 && address >= -HALF ? address + HALF : undefined;
}

export const hexAddress = (address: GuestAddress): string => hex64(BigInt(address));
