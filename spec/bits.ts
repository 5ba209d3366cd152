// Numbers with names: the 64-bit words of the two instruction sets and the addresses of the machine.
// `spec/` computes with `U64`; `machine/` and `impl/` hold addresses as the low 48 bits in a plain number.

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A 64-bit word in canonical form: 0 <= w < 2^64. */
export type U64 = Brand<bigint, "U64">;

/** Wrap any integer into 64 bits. */
export const u64 = (x: bigint): U64 => BigInt.asUintN(64, x) as U64;

/** The low 32 bits, zero-extended. */
export const u32 = (x: bigint): U64 => BigInt.asUintN(32, x) as U64;

/** The word read as a signed 64-bit number. */
export const s64 = (x: bigint): bigint => BigInt.asIntN(64, x);

/** The low 32 bits read as a signed number. */
export const s32 = (x: bigint): bigint => BigInt.asIntN(32, x);

/** An instruction word as 8 digits. */
export const hexWord = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");

/** `0x` and 16 digits. */
export const hex64 = (x: bigint): string => `0x${u64(x).toString(16).padStart(16, "0")}`;
