// Branches and exits land where the offset table says, and the table is in the order of the slots.

import { branchTarget, type Insn } from "../../../spec/bpf/insn.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { branchAt, type CompiledCode, insnAt } from "./compiled-code.js";

export const branchesLand = codeOracle({
  name: "branches-land",
  statement: "Every branch, exit and tail call lands on the word where the offset table says that its target begins.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf2a64_offset(), epilogue_offset(), emit_bpf_tail_call()",
  whole: inOrder,
  slots: { kinds: ["ja", "jump", "exit", "kernel"], rule: landsWhereItShould },
});

/** Behind the prologue, slot by slot. */
function inOrder({ insns, offsets }: CompiledCode): readonly string[] {
  let breaches: readonly string[] = PASS;
  for (let pc = 0; pc < insns.length; pc++) {
    const first = offsets[pc] ?? 0;
    const end = offsets[pc + 1] ?? 0;
    if (end >= first && (pc > 0 || first > 0)) continue;
    breaches = [...breaches, `slot ${pc} (${insns[pc]!.row.id}): begins at word ${first} and ends at ${end}`];
  }
  return breaches;
}

function landsWhereItShould(code: CompiledCode, insn: Insn, pc: number): readonly string[] {
  const first = code.offsets[pc] ?? 0;
  const end = code.offsets[pc + 1] ?? 0;
  // The table is at fault, not the branch.
  if (end < first) return PASS;
  const { row } = insn;
  if (row.kind === "kernel") return row.op === "tailCall" ? leaves(code, first, end) : PASS;
  if (row.kind === "ja" || row.kind === "jump") {
    return lands(code, end - 1, code.offsets[branchTarget(insn, pc)!] ?? -1);
  }
  if (row.kind !== "exit") return PASS;
  if (end > first) return lands(code, end - 1, code.offsets.at(-1) ?? -1);
  return pc === code.insns.length - 1 ? PASS : ["has no words, but something follows"];
}

function lands(code: CompiledCode, at: number, expected: number): readonly string[] {
  const distance = branchAt(code, at);
  if (distance === undefined) return [`word ${at} is ${insnAt(code, at)?.kind}, no branch`];
  const target = at + distance;
  return target === expected ? PASS : [`word ${at} branches to word ${target}, expected ${expected}`];
}

/** The branches inside a tail call all leave it at its end. */
function leaves(code: CompiledCode, first: number, end: number): readonly string[] {
  const breaches: string[] = [];
  for (let at = first; at < end; at++) {
    const insn = insnAt(code, at);
    if (insn?.kind !== "branchConditional" && insn?.kind !== "compareAndBranch") continue;
    const target = at + insn.offset / 4;
    if (target !== end) breaches.push(`word ${at} branches to word ${target}, expected ${end}`);
  }
  return breaches;
}
