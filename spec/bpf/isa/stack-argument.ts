// Rows of arguments beyond five: loads and stores of 8 bytes whose base is R11.

import { LDX, ST, STX } from "./opcode.js";
import type { StackArgumentRow } from "./row.js";

/** The number that stands for the base. */
export const STACK_ARGUMENTS = 11;
/** A call has 12 arguments at most; 5 of them are in registers. */
export const MOST_STACK_ARGUMENTS = 7;

const PLAIN_DOUBLEWORD = 0x60 | 0x18;
const OF_AN_ARGUMENT = {
  kind: "stackArgument",
  group: "linux",
  cpu: 4,
  off: "mem",
  since: { linux: "7.2", arm64: "7.2" },
} as const;

export const stackArgumentRows: readonly StackArgumentRow[] = [
  {
    ...OF_AN_ARGUMENT,
    id: "ldx argument",
    op: "load",
    opcode: LDX | PLAIN_DOUBLEWORD,
    select: { src: STACK_ARGUMENTS },
    dst: "w",
    src: "select",
    imm: "none",
  },
  {
    ...OF_AN_ARGUMENT,
    id: "stx argument",
    op: "store",
    opcode: STX | PLAIN_DOUBLEWORD,
    select: { dst: STACK_ARGUMENTS },
    dst: "select",
    src: "r",
    imm: "none",
  },
  {
    ...OF_AN_ARGUMENT,
    id: "st argument",
    op: "storeImm",
    opcode: ST | PLAIN_DOUBLEWORD,
    select: { dst: STACK_ARGUMENTS },
    dst: "select",
    src: "none",
    imm: "any",
  },
];
