// The hint space: 128 words that older processors execute as NOP. Where return addresses are signed, PACIASP and AUTIASP
// have a meaning here; XPACLRI always has. All others advise, wait for what may have come already, mark a landing place, or
// sign with keys that are turned off (DDI 0487, "Hints" in chapter C4).

/** Names of the hints that have one. */
export const HINT_NAMES: Readonly<Record<number, string>> = {
  0: "nop",
  1: "yield",
  2: "wfe",
  3: "wfi",
  4: "sev",
  5: "sevl",
  6: "dgh",
  7: "xpaclri",
  8: "pacia1716",
  10: "pacib1716",
  12: "autia1716",
  14: "autib1716",
  16: "esb",
  17: "psb csync",
  18: "tsb csync",
  20: "csdb",
  24: "paciaz",
  25: "paciasp",
  26: "pacibz",
  27: "pacibsp",
  28: "autiaz",
  29: "autiasp",
  30: "autibz",
  31: "autibsp",
  32: "bti",
  34: "bti c",
  36: "bti j",
  38: "bti jc",
};
/** The word of hint 0. */
export const NOP = 0xd503_201f;
export const XPACLRI = 7;
export const PACIASP = 25;
export const AUTIASP = 29;

const PACIBSP = 27;
/** PSTATE.BTYPE that each lets land: bit 1 for BR X16 and X17, 2 for BLR, 3 for any other BR. */
const LANDING_PADS: Readonly<Record<number, number>> = {
  [PACIASP]: 0b0110,
  [PACIBSP]: 0b0110,
  34: 0b0110,
  36: 0b1010,
  38: 0b1110,
};
const isHint = (word: number): boolean => (word & 0xffff_f01f) >>> 0 === 0xd503_201f;
/** BRK and HLT: their own exceptions come first. */
const isException = (word: number): boolean => [0xd420_0000, 0xd440_0000].includes((word & 0xffe0_001f) >>> 0);

/** May a branch of that nonzero BTYPE land on the word? With SCTLR_EL1.BT1 set, PACIASP stands for BTI c. */
export const isLandingPad = (word: number, btype: number): boolean =>
  isException(word) || (isHint(word) && (((LANDING_PADS[(word >>> 5) & 127] ?? 0) >> btype) & 1) !== 0);
