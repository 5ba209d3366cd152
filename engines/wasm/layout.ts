// Where things lie in the linear memory that JavaScript and the interpreter share. Both sides read this file, so it holds
// plain numbers only.

/** 64-bit registers: 0..30 are X0..X30; then zero, SP, what writes to the zero register go to, and three of the system. */
export const REGS = 0x10000;
export const ZERO = 31;
export const STACK_POINTER = 32;
export const SINK = 33;
export const TPIDR_EL1 = 34;
export const TPIDR_EL2 = 35;
export const SP_EL0 = 36;

/** float64: low 48 bits of the address to go on at, and of the last instruction that ran. */
export const PC = 0x10200;
export const PREVIOUS = 0x10208;
/** Why an instruction did not complete: its address or operand (64 bits), SP then (64), one of `STOP_*` (32), bytes (32). */
export const STOP_ADDRESS = 0x10210;
export const STOP_SP = 0x10218;
export const STOP_WHY = 0x10220;
export const STOP_BYTES = 0x10224;
/** 32 bits: N is bit 3. */
export const NZCV = 0x10228;
/** 32 bits: instructions begun in this call of `go`. */
export const EXECUTED = 0x1022c;
/** 64 bits. An access over the end of a page is put together here. */
export const BOUNCE = 0x10230;

/** Translations, 16 bytes each: tag (64 bits, the page's address), what to add to an address's low half (32), unused. */
export const FETCH_TLB = 0x11000;
export const FETCH_TLB_ENTRIES = 16;
export const READ_TLB = 0x11400;
export const WRITE_TLB = 0x11800;
export const DATA_TLB_ENTRIES = 64;
export const TLB_ENTRY_BYTES = 16;

/** Decoded words, by a hash of the word. */
export const DECODED = 0x20000;
export const DECODED_BITS = 15;
export const DECODED_BYTES = 16;

/** Page frames, up to the end of memory. */
export const FRAMES = 0x100000;

/** Why `go` came back. */
export const LEFT_PAGE = 1;
export const SLICE_DONE = 2;
export const UNKNOWN_WORD = 3;
export const STOPPED = 4;

/** Why an instruction did not complete. */
export const STOP_READ_UNMAPPED = 1;
export const STOP_WRITE_UNMAPPED = 2;
export const STOP_WRITE_PROTECTED = 3;
export const STOP_LOAD_BELOW_SP = 4;
export const STOP_STORE_BELOW_SP = 5;
export const STOP_CALLERS_FRAME = 6;
export const STOP_MISALIGNED_STACK = 7;
export const STOP_MISALIGNED_LOAD = 8;
export const STOP_MISALIGNED_STORE = 9;
export const STOP_BREAKPOINT = 10;
export const STOP_BRANCH = 11;
