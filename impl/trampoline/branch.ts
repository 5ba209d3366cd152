// The one word of a patch site: a NOP, or a branch to where something attached, or to the jump behind the image if that is
// too far away for a branch.

import type { Va } from "../../machine/address.js";
import { BRANCH_REACH, b, bl } from "../a64/branch.js";
import { NOP } from "../a64/system.js";
import { isRefusal, type Word } from "../a64/word.js";

/** `call`: with a return address, for trampolines. `jump`: without, for programs that replace others. */
export type PokeType = "call" | "jump";

/** Nothing is never far. @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, is_long_jump() */
export function isLongJump(ip: Va, target: Va | undefined): boolean {
  if (target === undefined) return false;
  const distance = target - ip;
  return distance < -BRANCH_REACH || distance >= BRANCH_REACH;
}

/**
 * The word that goes to `addr`; undefined if there is none.
 *
 * @param plt the jump that long ways go through, at program entries
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, gen_branch_or_nop()
 */
export function genBranchOrNop(type: PokeType, ip: Va, addr: Va | undefined, plt: Va | undefined): Word | undefined {
  if (addr === undefined) return NOP;
  const target = isLongJump(ip, addr) ? plt : addr;
  if (target === undefined) return undefined;
  const encoded = (type === "call" ? bl : b)(target - ip);
  return isRefusal(encoded) ? undefined : encoded;
}
