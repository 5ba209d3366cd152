// The few things that must be known of an instruction word to name its fault as the caller's rules do. Masks are of the
// Arm manual's chapter C4; this does not use `spec/a64`, so that the engines stay independent.

const SP = 31;
const base = (word: number): number => (word >>> 5) & 31;
const is = (word: number, mask: number, value: number): boolean => ((word ^ value) & mask) === 0;

/** Bits 27 and 25 of the loads and stores. */
const isMemory = (word: number): boolean => is(word, 0x0a00_0000, 0x0800_0000);
const isLiteral = (word: number): boolean => is(word, 0x3b00_0000, 0x1800_0000);

/** A load or store whose base is SP, which must then be aligned. */
export const isBasedOnSp = (word: number): boolean => isMemory(word) && !isLiteral(word) && base(word) === SP;

/** What is added to SP before the access: the offset of a pre-indexed load or store of a pair or register, else 0. */
export function pushOf(word: number): number {
  if (base(word) !== SP) return 0;
  if (is(word, 0xffc0_0000, 0xa980_0000)) return ((word << 10) >> 25) * 8;
  if (is(word, 0x3b20_0c00, 0x3800_0c00)) return (word << 11) >> 23;
  return 0;
}

/** Exclusives, LSE atomics and CAS: they must be naturally aligned. */
export const isAtomic = (word: number): boolean =>
  is(word, 0x3f00_0000, 0x0800_0000) || is(word, 0x3b20_0c00, 0x3820_0000);
export const isLoadExclusive = (word: number): boolean => is(word, 0x3fe0_0000, 0x0840_0000);

export const isBrk = (word: number): boolean => is(word, 0xffe0_001f, 0xd420_0000);
/** HVC and SMC: calls of firmware that changes nothing. */
export const isFirmwareCall = (word: number): boolean =>
  is(word, 0xffe0_001f, 0xd400_0002) || is(word, 0xffe0_001f, 0xd400_0003);
export const imm16 = (word: number): number => (word >>> 5) & 0xffff;

/** MRS Xt, TPIDR_EL2, which EL1 may not do. */
export const isReadTpidrEl2 = (word: number): boolean => is(word, 0xffff_ffe0, 0xd53c_d040);
export const destination = (word: number): number => word & 31;
