// Branches and exits land where the offset table says, and the table is in the order of the slots.

import { branchTarget } from "../../../spec/bpf/insn.js";
import { type CompiledCode, eachSlot, extent, insnAt, NONE, type Rule } from "./compiled-code.js";

const slotBranches = eachSlot((code, insn, pc) => {
  const [first, end] = extent(code, pc);
  if (end < first || (pc === 0 && first === 0)) return [`begins at word ${first} and ends at ${end}`];
  const { kind } = insn.row;
  if (kind === "ja" || kind === "jump") return lands(code, end - 1, code.offsets[branchTarget(insn, pc)!] ?? -1);
  const isLast = pc === code.insns.length - 1;
  if (kind !== "exit") return NONE;
  if (end === first) return isLast ? NONE : ["has no words, but something follows"];
  return lands(code, end - 1, code.offsets.at(-1) ?? -1);
});

function lands(code: CompiledCode, at: number, expected: number): readonly string[] {
  const insn = insnAt(code, at);
  if (insn?.kind !== "branch" && insn?.kind !== "branchConditional") return [`word ${at} is ${insn?.kind}, no branch`];
  const target = at + insn.offset / 4;
  return target === expected ? NONE : [`word ${at} branches to word ${target}, expected ${expected}`];
}

/** The branches inside a tail call all leave it at its end. */
const tailCallBranches = eachSlot((code, { row }, pc) => {
  if (row.kind !== "kernel" || row.op !== "tailCall") return NONE;
  const [first, end] = extent(code, pc);
  const breaches: string[] = [];
  for (let at = first; at < end; at++) {
    const insn = insnAt(code, at);
    if (insn?.kind !== "branchConditional" && insn?.kind !== "compareAndBranch") continue;
    const target = at + insn.offset / 4;
    if (target !== end) breaches.push(`word ${at} branches to word ${target}, expected ${end}`);
  }
  return breaches;
});

export const branchesLand: Rule = {
  name: "branches-land",
  check: (code) => [...slotBranches(code), ...tailCallBranches(code)],
};
