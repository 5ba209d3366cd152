// Jumps by themselves: over an instruction and back to one, as far as a branch reaches, and loops with a budget.

import { CONDITION_REACH } from "../../../spec/a64/address.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { type MayGotoRow, rowById } from "../../../spec/bpf/isa.js";
import type { Case } from "../../../subjects/case.js";
import { ADD, CONTEXT, DST, LOAD, MOV, ONE, PLACE, program, R0, SET, SRC, STORE } from "./watched.js";

const JA = rowById("ja");

/** Of what no other form of Linux takes more words for, without single-instruction atomics, and how many those are. */
const FILLER = { insn: insn(rowById("lock cmpxchg"), { dst: DST, src: SRC, off: 8 }), words: 9 };

/** A branch that is always taken, ahead and behind, as far as it reaches: over 29,000 slots, which no run comes to. */
export function furthestBranches(): readonly Case[] {
  const branch = (off: number): Insn => insn(rowById("jeq reg"), { dst: DST, src: DST, off });
  const between = filler(CONDITION_REACH - 2);
  // To the branch at the end; what it leads to: the result, a branch into what lies between, and on behind the end.
  const back = filler(CONDITION_REACH - 5);
  const behind = back.length + 3;
  const never = insn(rowById("jne reg"), { dst: DST, src: DST, off: 1 });
  const target = [insn(SET, { dst: R0, imm: 3 }), never, insn(JA, { off: back.length + 1 })];
  return [
    [branch(between.length), ...between],
    [insn(JA, { off: behind }), ...target, ...back, branch(-behind - 1)],
  ].map((insns) => program(insns, ONE, { env: { cpu: "ll-sc" } }));
}

function filler(words: number): readonly Insn[] {
  const long = Math.floor(words / FILLER.words);
  const rest = new Array<Insn>(words % FILLER.words).fill(insn(MOV, { dst: SRC, src: DST }));
  return [...new Array<Insn>(long).fill(FILLER.insn), ...rest];
}

/** The branch, and an instruction that it jumps over. */
export const over = (jump: (off: number) => Insn): readonly Insn[] => [jump(1), insn(SET, { dst: R0, imm: 3 })];

/** A branch to the next instruction. */
export const on = (jump: (off: number) => Insn): readonly Insn[] => [jump(0), insn(SET, { dst: R0, imm: 3 })];

/** A branch behind its target, which is an instruction and a jump to the end. */
export const back = (jump: (off: number) => Insn): readonly Insn[] => [
  insn(JA, { off: 2 }),
  insn(SET, { dst: R0, imm: 3 }),
  insn(JA, { off: 1 }),
  jump(-3),
];

/** Rounds that a loop may go: none, and so few that all of them are run. */
const BUDGETS = [0, 1, 2, 7];
/** Instructions of a program in front of its own. */
const BEFORE = program([], ONE).program.code[0]!.findIndex(({ row }) => row === STORE);

/** Loops that count their rounds in memory: to the first slot of the function, and to a later one. Behind them none is left. */
export function budgets(row: MayGotoRow): readonly Case[] {
  const count = [
    insn(LOAD, { dst: SRC, src: CONTEXT, off: PLACE.memory }),
    insn(ADD, { dst: SRC, imm: 1 }),
    insn(STORE, { dst: CONTEXT, src: SRC, off: PLACE.memory }),
  ];
  const loop = (start: number): readonly Insn[] => [
    ...count,
    insn(row, { off: 1 }),
    insn(JA, { off: start - BEFORE - count.length - 2 }),
    insn(row, { off: 1 }),
    insn(SET, { dst: R0, imm: 3 }),
  ];
  const loops = [0, BEFORE].flatMap((start) => BUDGETS.map((rounds) => program(loop(start), ONE, { loops: rounds })));
  return [...[0, 1].map((rounds) => program([insn(row)], ONE, { loops: rounds })), ...loops];
}
