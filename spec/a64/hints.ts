// The hint space: 128 words that older processors execute as NOP. This model gives PACIASP and AUTIASP a meaning, takes
// the ones that only advise, order or mark a landing place as doing nothing, and does not know those that would write
// registers or stop the processor (DDI 0487, "Hints" in chapter C4).

/** Names of the known hints that have one. */
export const HINT_NAMES: Readonly<Record<number, string>> = {
  0: "nop",
  1: "yield",
  4: "sev",
  5: "sevl",
  6: "dgh",
  16: "esb",
  17: "psb csync",
  18: "tsb csync",
  20: "csdb",
  25: "paciasp",
  29: "autiasp",
  32: "bti",
  34: "bti c",
  36: "bti j",
  38: "bti jc",
};
/** The word of hint 0. */
export const NOP = 0xd503_201f;
export const PACIASP = 25;
export const AUTIASP = 29;

/** WFE, WFI, XPACLRI, the other pointer authentications, PACM, CHKFEAT. */
const UNMODELLED_HINTS: ReadonlySet<number> = new Set([2, 3, 7, 8, 10, 12, 14, 24, 26, 27, 28, 30, 31, 39, 40]);

export const isModelledHint = (imm7: number): boolean => !UNMODELLED_HINTS.has(imm7);
