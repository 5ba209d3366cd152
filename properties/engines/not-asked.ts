// What an engine is not asked about when instructions are compared, and why: where it models another processor, or is known
// to be wrong. Everything else must agree.

import { decode } from "../../spec/a64/decode.js";
import type { A64Insn, A64Kind } from "../../spec/a64/insn.js";

const UNICORN: Partial<Record<A64Kind, string>> = {
  authentication: "its keys are on",
  branchAuthenticated: "its keys are on",
  readSystem: "its processor has other identification registers",
  writeSystem: "they are its own MMU's",
  writeState: "it has not all fields of PSTATE",
  maintenance: "it has no caches, and keeps its own translations",
};

/** TPIDR_EL1, TPIDR_EL2 and SP_EL0 are set by each run. */
const isRunRegister = (insn: A64Insn): boolean =>
  insn.kind === "readSystem" && ["tpidr_el1", "tpidr_el2", "sp_el0"].includes(insn.register);

/** WFI, and what signs otherwise than with LR and SP. */
const KEYED_HINTS = [3, 7, 8, 10, 12, 14, 24, 26, 27, 28, 30, 31];

function whyNotUnicorn(insn: A64Insn): string | undefined {
  if (isRunRegister(insn)) return undefined;
  if (insn.kind === "hint" && KEYED_HINTS.includes(insn.imm7)) return "it waits for interrupts, and its keys are on";
  if (insn.kind === "atomicMemory" && /m(in|ax)$/.test(insn.op) && insn.bytes < 8) {
    return "its minima and maxima of less than 64 bits look at all 64 bits of the operand";
  }
  return UNICORN[insn.kind];
}

/** @returns undefined if the engine is to be asked about the word. */
export function whyNotAsked(engine: string, word: number): string | undefined {
  const insn = decode(word);
  return engine === "unicorn" && insn !== undefined ? whyNotUnicorn(insn) : undefined;
}
