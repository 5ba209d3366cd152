// A program of a history that a few numbers give: its functions count. A program can have hundreds of thousands of slots, so
// what it returns is added up and not found out by running it.

import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Facts } from "../../spec/bpf/validate/validate.js";
import { times } from "../../spec/lists.js";
import { leastInsns, mostInsns, type ProgramSpec } from "../action.js";

const MOV = rowById("mov imm");
const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const ADD_REG = rowById("add reg");
const CALL = rowById("call local");
const EXIT = insn(rowById("exit"));
const ONE_MORE = insn(ADD, { dst: 0, imm: 1 });
/** What the calls add up in. */
const SUM = 6;

/** The slots of its code. @throws RangeError if so many subprograms need more of them, or have room for fewer */
export function slotsOf({ first, insns, subprograms }: ProgramSpec): readonly Insn[] {
  if (insns < leastInsns(subprograms) || insns > mostInsns(subprograms)) {
    throw new RangeError(`${insns} slots for ${subprograms} subprograms`);
  }
  const slots: Insn[] = [];
  const count = (n: number): void => {
    for (let i = 0; i < n; i++) slots.push(ONE_MORE);
  };
  if (subprograms === 0) slots.push(insn(MOV, { dst: 0, imm: first }));
  else {
    slots.push(insn(MOV, { dst: SUM, imm: first }));
    for (let i = 0; i < subprograms; i++) {
      const pc = slots.length;
      slots.push(insn(CALL, { imm: insns * (i + 1) - pc - 1 }), insn(ADD_REG, { dst: SUM, src: 0 }));
    }
    slots.push(insn(MOV_REG, { dst: 0, src: SUM }));
  }
  count(insns - slots.length - 1);
  slots.push(EXIT);
  for (let i = 0; i < subprograms; i++) {
    slots.push(insn(MOV, { dst: 0, imm: first + i + 1 }));
    count(insns - 2);
    slots.push(EXIT);
  }
  return slots;
}

/** What a validation finds out about it: functions one behind the other, none of which uses its frame. */
export const factsOf = ({ insns, subprograms }: ProgramSpec): Facts => ({
  functions: times(subprograms + 1, (i) => ({ code: 0, start: i * insns, end: (i + 1) * insns, stackDepth: 0 })),
  contextLoads: [NOWHERE],
});
const NOWHERE: ReadonlySet<number> = new Set();

/** What it returns: as many as the slots that count, above what its functions begin with. */
export function returnOf({ first, insns, subprograms }: ProgramSpec): bigint {
  const calls = 2 * subprograms;
  let sum = first + insns - (subprograms === 0 ? 2 : 3) - calls;
  for (let i = 0; i < subprograms; i++) sum += first + i + 1 + insns - 2;
  return BigInt(sum);
}
