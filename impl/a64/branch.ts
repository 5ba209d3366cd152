// Branches. Distances are in bytes from the branch itself; the lower bound of a range is included, the upper is not.

import type { Is64, Reg } from "./registers.js";
import { type Encoded, REFUSALS, type Word, word } from "./word.js";

export const COND = { eq: 0, ne: 1, cs: 2, cc: 3, hi: 8, ls: 9, ge: 10, lt: 11, gt: 12, le: 13 } as const;
export type Cond = (typeof COND)[keyof typeof COND];

/** Reach of B and BL. */
export const BRANCH_REACH = 128 * 1024 * 1024;
/** Reach of B.cond, CBZ, CBNZ, ADR and the literal loads. */
export const SHORT_REACH = 1024 * 1024;

const refused = (bytes: number, reach: number): Encoded | 0 =>
  bytes < -reach || bytes >= reach ? REFUSALS.branchRange : bytes % 4 !== 0 ? REFUSALS.branchAlignment : 0;

function far(base: number, bytes: number): Encoded {
  const no = refused(bytes, BRANCH_REACH);
  return no < 0 ? (no as Encoded) : word(base | ((bytes >> 2) & 0x3ff_ffff));
}

/** The 19-bit distance of the short branches, in place. */
function near(base: number, bytes: number): Encoded {
  const no = refused(bytes, SHORT_REACH);
  return no < 0 ? (no as Encoded) : word(base | (((bytes >> 2) & 0x7_ffff) << 5));
}

export const b = (bytes: number): Encoded => far(0x1400_0000, bytes);
export const bl = (bytes: number): Encoded => far(0x9400_0000, bytes);
export const bCond = (cond: Cond, bytes: number): Encoded => near(0x5400_0000 | cond, bytes);
export const cbz = (is64: Is64, rt: Reg, bytes: number): Encoded => near(0x3400_0000 | (is64 << 31) | rt, bytes);
export const cbnz = (is64: Is64, rt: Reg, bytes: number): Encoded => near(0x3500_0000 | (is64 << 31) | rt, bytes);

export const br = (rn: Reg): Word => word(0xd61f_0000 | (rn << 5));
export const blr = (rn: Reg): Word => word(0xd63f_0000 | (rn << 5));
export const ret = (rn: Reg): Word => word(0xd65f_0000 | (rn << 5));

/** rd = address of this instruction + bytes; any byte within reach. */
export function adr(rd: Reg, bytes: number): Encoded {
  if (bytes < -SHORT_REACH || bytes >= SHORT_REACH) return REFUSALS.branchRange;
  return word(0x1000_0000 | ((bytes & 3) << 29) | (((bytes >> 2) & 0x7_ffff) << 5) | rd);
}
