// Calls reach what they mean, by BL exactly where that reaches, else by a constant and BLR; the jump behind the epilogue
// reads the 64-bit literal that follows it.

import type { Va } from "../../../machine/address.js";
import { type CompiledCode, eachSlot, extent, insnAt, NONE, type Rule } from "./compiled-code.js";

/** Of B and BL, in bytes: the lower bound is within reach, the upper is not. */
const REACH = 2 ** 27;
const LOW_48 = 2 ** 48;

const callTargets = eachSlot((code, { row, off, imm }, pc) => {
  if (row.kind === "lddw" && row.source === "code") {
    const constant = constantAt(code, extent(code, pc)[0]);
    return constant === code.functions[off]
      ? NONE
      : [`loads ${constant}, expected the function at ${code.functions[off]}`];
  }
  if (row.kind !== "call" || (row.target === "helper" && code.inlined.has(imm))) return NONE;
  const target = row.target === "local" ? (code.functions[off] ?? 0) : (code.callBase + imm + LOW_48) % LOW_48;
  const [first] = extent(code, pc);
  const insn = insnAt(code, first);
  const from = code.roImage + 4 * first;
  const reaches = target - from >= -REACH && target - from < REACH;
  if (insn?.kind === "branch" && insn.link) {
    return from + insn.offset === target ? NONE : [`calls ${hex(from + insn.offset)}, expected ${hex(target)}`];
  }
  const constant = constantAt(code, first);
  const jump = insnAt(code, first + 3);
  if (jump?.kind !== "branchRegister" || jump.op !== "blr") return ["is neither BL nor a constant and BLR"];
  if (constant !== target) return [`calls ${constant === undefined ? "?" : hex(constant)}, expected ${hex(target)}`];
  return reaches ? ["goes through a register although BL reaches its target"] : NONE;
});

/** Low 48 bits of what MOVN and two MOVK put together from word `at` on. */
function constantAt(code: CompiledCode, at: number): Va | undefined {
  const [low, middle, high] = [insnAt(code, at), insnAt(code, at + 1), insnAt(code, at + 2)];
  if (low?.kind !== "moveWide" || middle?.kind !== "moveWide" || high?.kind !== "moveWide") return undefined;
  const isAddress = low.op === "movn" && middle.op === "movk" && high.op === "movk";
  if (!isAddress || low.shift !== 0 || middle.shift !== 16 || high.shift !== 32) return undefined;
  return (~low.imm16 & 0xffff) + middle.imm16 * 2 ** 16 + high.imm16 * 2 ** 32;
}

export const callsReach: Rule = { name: "calls-reach", check: callTargets };

export const longJump: Rule = {
  name: "long-jump",
  check(code) {
    const { words, codeWords, roImage, dummyTramp } = code;
    const load = insnAt(code, codeWords - 2);
    const jump = insnAt(code, codeWords - 1);
    if (load?.kind !== "loadLiteral" || jump?.kind !== "branchRegister" || jump.op !== "br" || jump.rn !== load.rt) {
      return ["the last two words do not load an address and jump there"];
    }
    const at = codeWords - 2 + load.offset / 4;
    if (at !== codeWords) return [`the jump reads the literal at word ${at}, expected ${codeWords}`];
    if ((roImage + 4 * at) % 8 !== 0) return [`the literal lies at ${hex(roImage + 4 * at)}, expected a multiple of 8`];
    const low = words[at] ?? 0;
    const high = words[at + 1] ?? 0;
    const target = low + (high & 0xffff) * 2 ** 32;
    return target === dummyTramp && high >>> 16 === 0xffff ? NONE : [`the literal is ${hex(target)}`];
  },
};

const hex = (va: Va): string => `0x${va.toString(16)}`;
