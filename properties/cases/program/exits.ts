// What a program means to a subject that ends programs where BPF goes on, as with a division by zero: the same program, in
// which every such instruction looks at its operand first.

import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import type { Program } from "../../../spec/bpf/program.js";
import type { ExitDeviation } from "../../../subjects/deviation.js";
import { inserted } from "./mutate/code.js";

const UNLESS_ZERO = rowById("jne imm");
const UNLESS_ZERO_32 = rowById("jne32 imm");
const MOV = rowById("mov imm");
const EXIT = insn(rowById("exit"));

/** @returns the program and who has changed it; undefined if nobody has, or where an exit is one of a local function */
export function withExits(
  program: Program,
  exits: readonly ExitDeviation[],
): { readonly program: Program; readonly names: readonly string[] } | undefined {
  const names = new Set<string>();
  const code = program.code.map((insns) => {
    if (insns.some(({ row }) => row.kind === "call" && row.target === "local")) return insns;
    return insns.reduceRight((done: readonly Insn[], { row, src }, pc) => {
      const exit = exits.find(({ forms }) => forms.includes(row.id));
      if (exit === undefined) return done;
      const test = "src" in exit.when ? UNLESS_ZERO : UNLESS_ZERO_32;
      const guard = [insn(test, { dst: src, off: 2 }), insn(MOV, { dst: 0, imm: exit.result }), EXIT];
      const guarded = inserted(done, pc, guard);
      if (guarded !== undefined) names.add(exit.name);
      return guarded ?? done;
    }, insns);
  });
  return names.size === 0 ? undefined : { program: { ...program, code }, names: [...names] };
}
