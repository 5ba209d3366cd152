// What an A64 word says, for people.

/** The text of one word at a 64-bit address; undefined for what is no instruction. */
export type Disassemble = (word: number, address: bigint) => string | undefined;
