// Pointer authentication of LR, modelled by a tag that depends on SP and is added to the top sixteen bits: never zero and never
// undone by a second addition, so a return without AUTIASP, with one too many of either, or with another SP goes to no
// kernel address. How the code really depends on key and modifier is the processor's secret.

import { u64 } from "../bits.js";

const tag = (sp: bigint): bigint => (1n + ((sp >> 4n) % 0x7fffn)) << 48n;
export const signed = (pointer: bigint, sp: bigint): bigint => u64(pointer + tag(sp));
export const authenticated = (pointer: bigint, sp: bigint): bigint => u64(pointer - tag(sp));

/** XPAC*: bits 63..48, where the code would be, repeat bit 55. */
export const stripped = (pointer: bigint): bigint =>
  (pointer >> 55n) & 1n ? pointer | 0xffff_0000_0000_0000n : pointer & 0xffff_ffff_ffffn;
