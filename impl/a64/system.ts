// Hints, barriers, calls to firmware and reads of system registers.

import type { Reg } from "./registers.js";
import { type Word, word } from "./word.js";

export const NOP = word(0xd503_201f);
/** Sign LR with SP as the modifier, and check it. */
export const PACIASP = word(0xd503_233f);
export const AUTIASP = word(0xd503_23bf);
/** Landing pads for jumps, and for calls and jumps. */
export const BTI_J = word(0xd503_249f);
export const BTI_JC = word(0xd503_24df);
/** Forget the branch history. */
export const CLEARBHB = word(0xd503_22df);
export const DMB_ISH = word(0xd503_3bbf);
export const DSB_NSH = word(0xd503_379f);
export const DSB_ISH = word(0xd503_3b9f);
/** With CRm 0; assemblers write 15. The architecture takes both. */
export const ISB = word(0xd503_30df);
export const HVC_0 = word(0xd400_0002);
export const SMC_0 = word(0xd400_0003);

/** op0:op1:CRn:CRm:op2 without the top bit of op0, as the 15 bits lie in the word from bit 5. */
export const SYSREG = { tpidrEl1: 0x4684, tpidrEl2: 0x6682, spEl0: 0x4208 } as const;
export type Sysreg = (typeof SYSREG)[keyof typeof SYSREG];

export const mrs = (rt: Reg, sysreg: Sysreg): Word => word(0xd530_0000 | (sysreg << 5) | rt);
