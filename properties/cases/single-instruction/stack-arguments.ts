// An argument beyond five as a program: a function is called with it and returns a number that depends on it.

import { ARGUMENT_BYTES, type Insn, insn } from "../../../spec/bpf/insn.js";
import { MOST_STACK_ARGUMENTS, type Row, rowById, type StackArgumentRow } from "../../../spec/bpf/isa.js";
import type { Case, CaseEnv } from "../../../subjects/case.js";
import { ADD, blinding, DST, EXIT, IMMEDIATES, program, R0, SET_SRC, UNARY } from "./watched.js";

/**
 * Each argument by itself, of a function that adds to it; constants go through the first in a register and the first in
 * memory. The function lies behind three stores and the exit.
 */
export const stackArguments = (row: StackArgumentRow): readonly Case[] =>
  Array.from({ length: MOST_STACK_ARGUMENTS }, (_, i) => ARGUMENT_BYTES * (i + 1)).flatMap((at, i) => {
    const behind = [insn(LOAD_ARGUMENT, { off: at }), insn(ADD, { dst: R0, imm: 9 }), EXIT];
    const passed = (store: Insn, env?: Partial<CaseEnv>): Case =>
      program([store, insn(LOCAL, { imm: 5 }), SET_SRC], UNARY, { behind, ...(env && { env }) });
    if (row.op !== "storeImm") return [passed(insn(STORE_ARGUMENT, { src: DST, off: -at }))];
    const constants = i === 0 || i === 3 ? IMMEDIATES : [-2];
    return constants.flatMap((imm, n) => blinding(n).map((env) => passed(insn(row, { off: -at, imm }), env)));
  });
const [LOCAL, LOAD_ARGUMENT, STORE_ARGUMENT] = ["call local", "ldx argument", "stx argument"].map(rowById) as [
  Row,
  Row,
  Row,
];
