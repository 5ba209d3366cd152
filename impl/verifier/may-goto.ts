// How Linux counts the budget of `may_goto` before any JIT sees it (do_misc_fixups): eight bytes below the frame that the
// program uses, filled when the function is entered, looked at and counted down in the place of each `may_goto`.

import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";

const FP = 10;
const COUNTER_BYTES = 8;

const FILL = rowById("stdw");
const LOAD = rowById("ldxdw");
const STORE = rowById("stxdw");
const JEQ = rowById("jeq imm");
const SUB = rowById("sub imm");

/** From the frame pointer, below a frame of so many bytes. */
export const counterBelow = (stackDepth: number): number =>
  -(Math.ceil(stackDepth / COUNTER_BYTES) + 1) * COUNTER_BYTES;

export const startBudget = (counter: number, loops: number): Insn => insn(FILL, { dst: FP, off: counter, imm: loops });

/** What takes the place of `slot`. Its jump keeps its target: `joinPatches` counts from the end forwards, from the start backwards. */
export const countDown = ({ off }: Insn, counter: number, scratch: number): readonly Insn[] => [
  insn(LOAD, { dst: scratch, src: FP, off: counter }),
  insn(JEQ, { dst: scratch, off: off >= 0 ? off + 2 : off - 1 }),
  insn(SUB, { dst: scratch, imm: 1 }),
  insn(STORE, { dst: FP, src: scratch, off: counter }),
];
