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

/** Of each register of a pair. */
const pairBytes = (word: number): number => (word >>> 31 === 1 ? 8 : 4);

/** What is added to SP before the access: the offset of a pre-indexed load or store of a pair or register, else 0. */
export function pushOf(word: number): number {
  if (base(word) !== SP) return 0;
  if (is(word, 0x3f80_0000, 0x2980_0000)) return ((word << 10) >> 25) * pairBytes(word);
  if (is(word, 0x3b20_0c00, 0x3800_0c00)) return (word << 11) >> 23;
  return 0;
}

/** What a store, pre- or post-indexed, adds to its base; 0 for all others. */
export function writeBackOf(word: number): number {
  if (is(word, 0x3ec0_0000, 0x2880_0000)) return ((word << 10) >> 25) * pairBytes(word);
  return is(word, 0x3be0_0400, 0x3800_0400) ? (word << 11) >> 23 : 0;
}

/** Whether the word may leave SP at other than a multiple of 16 although it was one: known are steps of constants. */
export function mayMisalignSp(word: number): boolean {
  const isPair = is(word, 0x3a80_0000, 0x2880_0000);
  if (isPair || is(word, 0x3b20_0400, 0x3800_0400)) {
    return base(word) === SP && !(isPair && word >>> 30 === 2 && ((word >>> 15) & 1) === 0);
  }
  if (destination(word) !== SP) return false;
  if (is(word, 0xbf80_0000, 0x9100_0000)) return base(word) !== SP || ((word >>> 10) & 15) !== 0;
  const isExtended = is(word, 0x1f20_0000, 0x0b20_0000) && !is(word, 0x2000_0000, 0x2000_0000);
  const isLogical = is(word, 0x1f80_0000, 0x1200_0000) && !is(word, 0x6000_0000, 0x6000_0000);
  return isExtended || isLogical || is(word, 0x3f80_0000, 0x1100_0000);
}

/** LDAPUR, STLUR and their kin. */
const isOrderedUnscaled = (word: number): boolean => is(word, 0x3f20_0c00, 0x1900_0000);
const isLoadReleaseConsistent = (word: number): boolean => is(word, 0x3fff_fc00, 0x38bf_c000);
/** LDAR, STLR and the others without exclusivity, which the emulator lets be misaligned. */
const isOrdered = (word: number): boolean =>
  is(word, 0x3fa0_0000, 0x0880_0000) || isOrderedUnscaled(word) || isLoadReleaseConsistent(word);
/** Exclusives, ordered accesses, LSE atomics and CAS: they must be naturally aligned. */
export const isAtomic = (word: number): boolean =>
  is(word, 0x3f00_0000, 0x0800_0000) || is(word, 0x3b20_0c00, 0x3820_0000) || isOrderedUnscaled(word);
/** CASP. */
const isCompareAndSwapPair = (word: number): boolean => is(word, 0xbfa0_0000, 0x0820_0000);
/** LDXP, STXP, CASP: of a block that the emulator takes in two halves. */
export const isBlock = (word: number): boolean => isCompareAndSwapPair(word) || is(word, 0xbfa0_0000, 0x8820_0000);
/** LDXR, STXR, LDXP, STXP and their ordered forms. */
export const isExclusive = (word: number): boolean =>
  is(word, 0x3fa0_0000, 0x0800_0000) || is(word, 0xbfa0_0000, 0x8820_0000);
export const isLoadExclusive = (word: number): boolean => isExclusive(word) && is(word, 0x0040_0000, 0x0040_0000);
/** What the emulator cannot be left alone with. */
export const isWatched = (word: number): boolean => isExclusive(word) || isBlock(word) || isOrdered(word);
/** A misaligned one is a bad read, or else a bad write. */
export function isLoadAlone(word: number): boolean {
  if (isOrderedUnscaled(word)) return !is(word, 0x00c0_0000, 0);
  if (isLoadReleaseConsistent(word)) return true;
  return isLoadExclusive(word) || is(word, 0x3fe0_0000, 0x08c0_0000);
}
/** Of an atomic: the number of bytes, and the register with the address, 31 for SP. */
export function bytesOf(word: number): number {
  const size = word >>> 30;
  return isCompareAndSwapPair(word) ? 8 << size : isBlock(word) ? 2 << size : 1 << size;
}
export const baseOf = base;
/** What is added to the base of an atomic. */
export const offsetOf = (word: number): number => (isOrderedUnscaled(word) ? (word << 11) >> 23 : 0);

/** PSTATE.BTYPE behind the word: 1 for BR X16 and X17, 2 for BLR, 3 for any other BR, else 0. */
export function branchType(word: number): number {
  if (!is(word, 0xfedf_f000, 0xd61f_0000)) return 0;
  if (is(word, 0x0020_0000, 0x0020_0000)) return 2;
  return base(word) === 16 || base(word) === 17 ? 1 : 3;
}
/** BTI c, PACIASP, PACIBSP; BTI j; BTI jc; and BRK and HLT, whose own exceptions come first. */
export function isLandingPad(word: number, branch: number): boolean {
  if (is(word, 0xffff_ffff, 0xd503_245f) || is(word, 0xffff_ffbf, 0xd503_233f)) return branch !== 3;
  if (is(word, 0xffff_ffff, 0xd503_249f)) return branch !== 2;
  const isException = is(word, 0xffe0_001f, 0xd420_0000) || is(word, 0xffe0_001f, 0xd440_0000);
  return isException || is(word, 0xffff_ffff, 0xd503_24df);
}
/** Of a store-exclusive: the register that gets the status. */
export const statusOf = (word: number): number => (word >>> 16) & 31;

/** Of BR, BLR and RET. */
export const branchName = (word: number): string => ["br", "blr", "ret"][(word >>> 21) & 3] ?? "branch";
export const imm16 = (word: number): number => (word >>> 5) & 0xffff;

/** MRS Xt, TPIDR_EL2, which EL1 may not do. */
export const isReadTpidrEl2 = (word: number): boolean => is(word, 0xffff_ffe0, 0xd53c_d040);
export const destination = (word: number): number => word & 31;
