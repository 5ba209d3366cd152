// The words in which all of `spec/a64` speaks of operands.

export type Width = 32 | 64;
export type AccessBytes = 1 | 2 | 4 | 8;

/** 0..30 are X0..X30. The two readings of encoding 31 have numbers of their own, so that an operand says which it is. */
export type Reg = number;
/** Reads as zero, ignores writes. */
export const ZR = 31;
/** The stack pointer. */
export const SP = 32;
/** The link register. */
export const LR = 30;
