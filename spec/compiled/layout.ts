// Where things lie in the linear memory of the compiled interpreter. Both sides read this file, so it holds plain numbers
// only.

/** No place of an access: what lies there are registers. */
export const BAD = 0;

/** R0..R10, 64 bits each. */
export const REGISTERS = 0;
/** 32 bits: index of the code that runs, and how many instructions have run. */
export const CODE = 96;
export const RAN = 100;
/** 64 bits: what r1 holds at entry. */
export const CONTEXT = 104;
/** 32 bits each: how many regions, maps and codes there are. */
export const REGION_COUNT = 112;
export const MAP_COUNT = 116;
export const CODE_COUNT = 120;
/** 64 bits: the end of the stacks of local calls. */
export const CALLEE_STACKS_END = 128;
/** 32 bits: how often the `may_goto` of one call of a function fall through. */
export const BUDGET = 136;
/** 32 bits, nonzero: the packet may be loaded from as classic BPF did. */
export const HAS_LEGACY_LOADS = 140;
/** 32 bits each, nonzero: a tail call of an empty slot counts; what a function has counted is forgotten when it returns. */
export const COUNTS_EMPTY_SLOTS = 144;
export const FORGETS_RETURNED = 148;

/** 32 bits, nonzero: what is in no argument can be told from what is in one, as r2 to r5 hold at first what a call leaves there. */
export const HIDES_ARGUMENTS = 152;
/** 64 bits: nanoseconds. */
export const CLOCK = 160;
/** 32 bits each: where the context has the addresses of the first byte of the packet and of its end. */
export const DATA = 168;
export const DATA_END = 172;

/** By depth, what a local call saves: r6..r10, then (32 bits each) the code, the slot to go on at, what is left of its budget and how many tail calls count. */
export const FRAMES = 256;
export const FRAME_BYTES = 64;
export const FRAME_CODE = 40;
export const FRAME_PC = 44;
export const FRAME_LEFT = 48;
export const FRAME_COUNTED = 52;

/** The number that stands for the base of arguments beyond five. No register has it, so what lies in its place is 0. */
export const STACK_ARGUMENTS = 11;
/** 64 bits each: of the function that runs, and stored for its next call; then, 32 bits each, a bit for each that is there. */
export const OWN_ARGUMENTS = 768;
export const STORED_ARGUMENTS = 832;
export const HAS_OWN_ARGUMENT = 896;
export const HAS_STORED_ARGUMENT = 900;

/** By index: the main stack, those of local calls by depth, context, packet, then the values of maps. */
export const REGIONS = 1024;
export const REGION_BYTES = 32;
export const REGION_BASE = 0;
export const REGION_SIZE = 8;
/** Where its bytes lie here; then one byte for each, nonzero once that was written, or 0 where all may be read. */
export const REGION_PLACE = 12;
export const REGION_WRITTEN = 16;
/** Nonzero: it is read and written by the table of fields, and in no other way. */
export const REGION_FIELDS = 20;
/** Nonzero: programs may not write it. */
export const REGION_READ_ONLY = 24;
export const MAIN_STACK = 0;
export const CONTEXT_REGION = 8;
export const PACKET_REGION = 9;
export const FIRST_VALUES = 10;

export const MAPS = 4096;
export const MAP_BYTES = 64;
export const MOST_MAPS = 48;
/** 64 bits each: addresses of the object and of the first value. */
export const MAP_OBJECT = 0;
export const MAP_VALUES = 8;
/** 32 bits each. */
export const MAP_SORT = 16;
export const MAP_KEY_BYTES = 20;
export const MAP_VALUE_BYTES = 24;
export const MAP_STRIDE = 28;
export const MAP_ENTRIES = 32;
export const MAP_PLACE = 36;
/** Hash: by slot a byte that says whether it is taken, then by slot its key. Prog array: by slot a code, or -1. */
export const MAP_STATE = 40;
export const ARRAY = 0;
export const HASH = 1;
export const PROG_ARRAY = 2;
export const INSN_ARRAY = 3;
/** One of which only helpers know anything that are asked for. */
export const OTHER_MAP = 4;
/** Low 48 bits of what an instruction array holds of slot 0 of code 0; so much more for each code, and 8 for each slot. */
export const SLOT_ADDRESSES = 0x8000_f000_0000;
export const CODE_ADDRESSES = 0x100_0000;

export const CODES = 8192;
export const CODE_BYTES = 32;
export const MOST_CODES = 64;
/** 32 bits each: where its slots lie, how many there are, and where there is a byte for each with what it did. */
export const CODE_PLACE = 0;
export const CODE_SLOTS = 4;
export const CODE_MARKS = 8;
/** Its frame: bytes (32 bits), and address (64 bits). */
export const CODE_FRAME_BYTES = 12;
export const CODE_FRAME = 16;

/** What a slot did. */
export const MARK_RAN = 1;
export const MARK_TAKEN = 2;
export const MARK_FELL = 4;

/**
 * By offset into the context, size (0..3: its logarithm) and 0 for a load or 1 for a store: a word that says which field it is,
 * or 0. From bit 0 on: its place in the context; from 16 on: bytes to leave out; from 20 on: logarithms of the bytes that are
 * read or written there, and from 24 on of those that are loaded; bit 31: there is one.
 */
export const FIELDS = 16384;
export const MOST_FIELD_BYTES = 256;
export const FIELD_SKIPPED = 16;
export const FIELD_WIDTH = 20;
export const FIELD_LOADED = 24;
export const FIELD_IS_THERE = 31;

/** Bytes of a main stack: what a program may have, and what a verifier adds. Behind it lie the marks of what was written. */
export const MOST_FRAME_BYTES = 1024;

/** Slots, regions and maps lie from here on. */
export const HEAP = 32768;
export const MEMORY_BYTES = 16777216;

/** What a run came to. */
export const RETURNED = 1;
export const OUT_OF_FUEL = 2;
export const FAULTED = 3;
