// Where everything of a traced call lies on the machine.

import type { Va } from "../../machine/address.js";
import type { Range } from "../../spec/bpf/program.js";

export const PAGE_BYTES = 4096;
export const STACK: Range = { base: 0x8000_9000_0000, bytes: 4 * PAGE_BYTES };
export const ENTRY_SP: Va = STACK.base + STACK.bytes - 256;
/** Records of what ran, written by the programs: the number of bytes so far, then 64-bit words. */
export const JOURNAL: Range = { base: 0x0000_0500_0000, bytes: 4 * PAGE_BYTES };
/** Where the function leaves its eight argument registers. */
export const SEEN: Range = { base: 0x0000_0510_0000, bytes: PAGE_BYTES };
/** Nothing is mapped there: addresses of program objects, a page each, and of their instructions. */
export const PROG_OBJECTS: Va = 0x8000_4000_0000;
export const INSNS: Va = 0x8000_4100_0000;
/** What the function calls, and what stands for programs that are not compiled. */
export const ORIGINAL: Va = 0x8000_8030_0000;
export const INTERPRETERS: Va = 0x8000_8030_1000;
/** The kernel functions around programs: within reach of a branch from the packs, or not. */
export const NEAR_TEXT: Va = 0x8000_8020_0000;
export const FAR_TEXT: Va = 0x8000_6000_0000;
/** A function that no branch reaches from the packs. */
export const FAR_FUNCTION: Va = 0x8000_c000_0000;
export const DUMMY_TRAMP: Va = 0x8000_8004_0e10;
/** Between any two entries of the above. */
export const STRIDE = 64;
