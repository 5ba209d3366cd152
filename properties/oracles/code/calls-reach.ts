// calls-reach: a call through a register works everywhere, so a run does not show that BL would have reached.

import type { Va } from "../../../machine/address.js";
import { isBeyondBranch } from "../../../spec/a64/address.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { hex } from "../../../subjects/step.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { type CompiledCode, extent, insnAt } from "./compiled-code.js";

const LOW_48 = 2 ** 48;

function callTarget(code: CompiledCode, { row, off, imm }: Insn, pc: number): readonly string[] {
  if (row.kind === "lddw" && row.source === "code") {
    const constant = constantAt(code, extent(code, pc)[0]);
    return constant === code.functions[off]
      ? PASS
      : [`loads ${constant}, expected the function at ${code.functions[off]}`];
  }
  if (row.kind !== "call" || (row.target === "helper" && code.inlined.has(imm))) return PASS;
  const target = row.target === "local" ? (code.functions[off] ?? 0) : (code.callBase + imm + LOW_48) % LOW_48;
  const [first] = extent(code, pc);
  const insn = insnAt(code, first);
  const from = code.roImage + 4 * first;
  if (insn?.kind === "branch" && insn.link) {
    return from + insn.offset === target ? PASS : [`calls ${hex(from + insn.offset)}, expected ${hex(target)}`];
  }
  const constant = constantAt(code, first);
  const jump = insnAt(code, first + 3);
  if (jump?.kind !== "branchRegister" || jump.op !== "blr") return ["is neither BL nor a constant and BLR"];
  if (constant !== target) return [`calls ${constant === undefined ? "?" : hex(constant)}, expected ${hex(target)}`];
  return isBeyondBranch(from, target) ? PASS : ["goes through a register although BL reaches its target"];
}

/** Low 48 bits of what MOVN and two MOVK put together from word `at` on. */
function constantAt(code: CompiledCode, at: number): Va | undefined {
  const [low, middle, high] = [insnAt(code, at), insnAt(code, at + 1), insnAt(code, at + 2)];
  if (low?.kind !== "moveWide" || middle?.kind !== "moveWide" || high?.kind !== "moveWide") return undefined;
  const isAddress = low.op === "movn" && middle.op === "movk" && high.op === "movk";
  if (!isAddress || low.shift !== 0 || middle.shift !== 16 || high.shift !== 32) return undefined;
  return (~low.imm16 & 0xffff) + middle.imm16 * 2 ** 16 + high.imm16 * 2 ** 32;
}

export const callsReach = codeOracle({
  name: "calls-reach",
  statement: "A call leads to its function: by BL exactly where that reaches, else by a constant and BLR.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, emit_call(), emit_addr_mov_i64()",
  isAboutPlace: true,
  slots: { kinds: ["lddw", "call"], rule: callTarget },
});
