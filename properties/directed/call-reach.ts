// BL reaches 2^27 bytes back and 4 less forward. Whatever lies beyond is called through a register, never refused.

import { halves } from "../../machine/address.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { compiles, IMAGE } from "./compiled.js";

const REACH = 2 ** 27;
const EXIT = insn(rowById("exit"));
/** Words of the prologue of a main program that saves nothing, and of a subprogram's. */
const PROLOGUE_WORDS = 7;

/** The first slot calls kernel text so many bytes away. */
const helperAt = (distance: number): DirectedCase => ({
  name: `helper ${distance} bytes away`,
  check() {
    const callBase = IMAGE + 4 * PROLOGUE_WORDS + distance;
    return compiles([{ insns: [insn(rowById("call helper")), EXIT], index: 0, stackDepth: 0 }], () => IMAGE, {
      callBase,
    });
  },
});

/** The first slot calls another function of the program. Images lie on multiples of 8. */
const functionAt = (distance: number): DirectedCase => ({
  name: `function ${distance} bytes away`,
  check() {
    const main = { insns: [insn(rowById("call local"), { off: 1 }), EXIT], index: 0, stackDepth: 0 };
    return compiles([main, { insns: [EXIT], index: 1, stackDepth: 0 }], (index) => IMAGE + index * distance);
  },
});

/** A function's address as a constant. */
const addressOf = (distance: number): DirectedCase => ({
  name: `address of a function ${distance} bytes away`,
  check() {
    const load = [insn(rowById("lddw code"), { off: 1 }), insn(rowById("lddw high"), { imm: halves(0).high | 0 })];
    const main = { insns: [...load, EXIT], index: 0, stackDepth: 0 };
    return compiles([main, { insns: [EXIT], index: 1, stackDepth: 0 }], (index) => IMAGE + index * distance);
  },
});

export const CALL_REACH: readonly DirectedCase[] = [
  ...[REACH - 4, REACH, -REACH, -REACH - 4, 4096].map(helperAt),
  ...[REACH + 24, REACH + 32, 4096, -REACH, 2 ** 30].map(functionAt),
  ...[4096, 2 ** 30].map(addressOf),
];
