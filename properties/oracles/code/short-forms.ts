// What one instruction may cost where a shorter form exists: constants that an A64 immediate holds go into it. Results
// cannot tell the forms apart, and a slower one is a regression all the same.

import type { Width } from "../../../spec/a64/registers.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { extent } from "./compiled-code.js";

export const shortForms = codeOracle({
  name: "short-forms",
  statement: "An instruction takes no more words than the shortest form that holds its constant.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, emit_a64_mov_i(), emit_a64_mov_i64(), build_insn()",
  slots: {
    kinds: ["lddw", "alu", "jump"],
    rule: (code, insn, pc) => {
      const most = budget(code.insns, insn, pc);
      if (most === undefined) return PASS;
      const [first, end] = extent(code, pc);
      return end - first <= most ? PASS : [`takes ${end - first} words, ${most} are enough`];
    },
  },
});

/** The most words that the slot may take; undefined where there is no short form. */
function budget(insns: readonly Insn[], { row, imm }: Insn, pc: number): number | undefined {
  if (row.kind === "lddw") return row.source === "imm64" ? constantWords(insns[pc + 1]?.imm ?? 0, imm) : undefined;
  if ((row.kind !== "alu" && row.kind !== "jump") || row.operand !== "imm") return undefined;
  const branch = row.kind === "jump" ? 1 : 0;
  switch (row.op) {
    case "and":
    case "or":
    case "xor":
    case "jset":
      return isBitmask(imm, row.width) ? 1 + branch : undefined;
    case "mov":
      return fillsOfHalf(imm) ? 1 : 2;
    case "lsh":
    case "rsh":
    case "arsh":
      return 1;
    case "mul":
    case "div":
    case "sdiv":
    case "mod":
    case "smod":
      return undefined;
    default:
      return isAddSub(Math.abs(imm)) ? 1 + branch : undefined;
  }
}

const isAddSub = (size: number): boolean => size < 0x1000 || (size < 0x100_0000 && size % 0x1000 === 0);

/** Whether one MOVZ, or for negative numbers one MOVN, makes it. */
const fillsOfHalf = (imm: number): boolean =>
  imm >= 0 ? imm < 0x1_0000 : imm >= -0x1_0000 || (imm & 0xffff) === 0xffff;

/** Of a 64-bit constant from its halves: a word for each quarter that differs from the filler, and at least one. */
function constantWords(high: number, low: number): number {
  if (high === 0) return fillsOfHalf(low) ? 1 : 2;
  return Math.max(1, Math.min(unlike(0, high) + unlike(0, low), unlike(0xffff, high) + unlike(0xffff, low)));
}

/** Quarters of one half. */
const unlike = (filler: number, half: number): number =>
  ((half & 0xffff) === filler ? 0 : 1) + (half >>> 16 === filler ? 0 : 1);

/** Whether a 32-bit number, sign-extended to the width, is a bitmask immediate: a run of ones, turned round and repeated. */
export function isBitmask(imm: number, width: Width): boolean {
  // Turned round, a run of zeros is one of ones.
  if (width === 64) return isRun(imm < 0 ? ~imm : imm);
  let period = 32;
  while (period > 2 && isRepeated(imm, period / 2)) period /= 2;
  const mask = -1 >>> (32 - period);
  const once = imm & mask;
  return isRun((once & 1) === 0 ? once : ~once & mask);
}

const isRepeated = (word: number, every: number): boolean => ((word >>> every) | (word << (32 - every))) === word;

/** One or more ones beside each other, and nothing else. */
const isRun = (word: number): boolean => word !== 0 && ((word + (word & -word)) & word) === 0;
