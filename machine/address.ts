// Kernel virtual addresses as plain numbers. All of the kernel's half of the address space has the top bits set, so the
// low 48 bits say everything; the brands keep the read-only mapping, the writable buffer and the fixmap alias of the
// same bytes from being mixed up.

import type { Brand } from "../spec/bits.js";

/** Low 48 bits of a kernel virtual address. */
export type Va = number;
/** Where the CPU fetches. */
export type RoAddr = Brand<number, "RoAddr">;
/** Where the JIT writes before the one copy. */
export type RwAddr = Brand<number, "RwAddr">;
/** A fixmap slot: the only writable alias that ROX memory ever has. */
export type FixmapAddr = Brand<number, "FixmapAddr">;

const LOW_48 = 2 ** 48;
const TOP_16 = 0xffff_0000_0000_0000n;

/** The 64-bit pointer that a register holds. */
export const pointer = (va: Va): bigint => TOP_16 | BigInt(va);

/** The address that a 64-bit register points to, or undefined if it is not a kernel address. */
export function vaOf(register: bigint): Va | undefined {
  return register >= TOP_16 ? Number(register & 0xffff_ffff_ffffn) : undefined;
}

/** Upper and lower half of the 64-bit pointer, as unsigned 32-bit numbers: how `impl/` takes a pointer apart. */
export const halves = (va: Va): { readonly high: number; readonly low: number } => ({
  high: (0xffff_0000 | Math.floor(va / 2 ** 32)) >>> 0,
  low: va % 2 ** 32,
});

/** The low 48 bits of the two halves. */
export const vaOfHalves = ({ high, low }: { readonly high: number; readonly low: number }): Va =>
  (high % 2 ** 16) * 2 ** 32 + low;

export const isVa = (x: number): boolean => Number.isInteger(x) && x >= 0 && x < LOW_48;
