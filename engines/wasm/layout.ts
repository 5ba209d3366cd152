// Where things lie in the linear memory that JavaScript and the interpreter share. Both sides read this file, so it holds
// plain numbers only.

/** 64-bit registers: 0..30 are X0..X30; then zero, SP, what writes to the zero register go to, and the system's. */
export const REGS = 0x10000;
export const ZERO = 31;
export const STACK_POINTER = 32;
export const SINK = 33;
/** The first of the system registers, in the order of their table. */
export const SYSTEM = 40;
export const REGISTERS = 128;

/** float64: low 48 bits of the address to go on at, and of the last instruction that ran. */
export const PC = 0x10400;
export const PREVIOUS = 0x10408;
/** Why an instruction did not complete: its address or operand (64 bits), SP then (64), one of `STOP_*` (32), bytes (32). */
export const STOP_ADDRESS = 0x10410;
export const STOP_SP = 0x10418;
export const STOP_WHY = 0x10420;
export const STOP_BYTES = 0x10424;
/** 32 bits: N is bit 3. */
export const NZCV = 0x10428;
/** 32 bits: instructions begun in this call of `go`. */
export const EXECUTED = 0x1042c;
/** 64 bits. An access over the end of a page is put together here. */
export const BOUNCE = 0x10430;
/** What the machine has not been told yet: one of `PENDING_*` (32 bits), and the range (64 bits each). */
export const PENDING = 0x10440;
export const PENDING_FROM = 0x10448;
export const PENDING_END = 0x10450;
/** 32 bits: PSTATE.BTYPE. */
export const BTYPE = 0x10458;
/** 32 bits: whether there is maintenance that no barrier has completed. */
export const UNDER_WAY = 0x10468;
/** 32 bits: whether indirect branches must land on what is made for it. */
export const GUARDED = 0x1045c;
/** 32 bits each: whether store-exclusives fail now and then, and how many could have succeeded; then which of them fail. */
export const SPURIOUS = 0x10460;
export const SPURIOUS_COUNT = 0x10464;
export const SPURIOUS_FAILURES = 0x10500;
export const SPURIOUS_PERIOD = 256;

/** Translations, 16 bytes each: tag (64 bits, the page's address), what to add to an address's low half (32), and more. */
export const FETCH_TLB = 0x11000;
export const FETCH_TLB_ENTRIES = 16;
/** Of pages whose records are kept by address; the last 32 bits: where they are. */
export const PAGED_TLB = 0x12000;
export const PAGED_TLB_ENTRIES = 256;

/** Beside the place of a frame: stores are allowed; the machine wants to know of stores; they may change decoded code. */
export const WRITABLE = 1;
export const TRACKED = 2;
export const CODE = 4;
export const FRAME_FLAGS = 7;

/** For each system register, the bits that it keeps (64 bits). */
export const SYSTEM_MASKS = 0x13000;

/** A byte for each encoding (bits 19..5) of MRS and MSR: the register's place, plus 128 if it may be written; 0: none. */
export const SYSTEM_PLACES = 0x18000;
export const SYSTEM_ENCODINGS = 0x8000;

/** Decoded words, by a hash of the word. */
export const DECODED = 0x20000;
export const DECODED_BITS = 15;
export const DECODED_BYTES = 16;

/** Translations of loads; the last 32 bits: `FRAME_FLAGS`. */
export const READ_TLB = 0xa0000;
/** Pages to which a store is nothing but a store. */
export const WRITE_TLB = 0xa1000;
export const DATA_TLB_ENTRIES = 256;

/** Records by address: those of a page are so many for each byte of it, and behind them come two bits for each word. */
export const RECORD_BYTES_PER_BYTE = 4;

/** Page frames, up to the end of memory. */
export const FRAMES = 0x100000;

/** Why `go` came back. */
export const LEFT_PAGE = 1;
export const SLICE_DONE = 2;
export const UNKNOWN_WORD = 3;
export const STOPPED = 4;
export const TRAPPED = 5;

/** What the machine has not been told yet. */
export const PENDING_WRITE = 1;
export const PENDING_CLEAN = 2;
export const PENDING_INVALIDATE = 3;

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
/** The machine must be told of something before. */
export const STOP_NOTE = 12;
/** It is about to store, and that was asked for. */
export const STOP_PAUSE = 13;
export const STOP_BRANCH_TARGET = 14;
/** Maintenance is to be completed, or this CPU synchronizes, or something else that only the machine can do. */
export const STOP_COMPLETE = 15;
export const STOP_SYNCHRONIZE = 16;
export const STOP_MAINTAIN = 17;
/** It is about to store to what may be decoded. */
export const STOP_CODE = 18;
