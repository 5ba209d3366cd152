// long-jump: the words behind the epilogue through which a program reaches a trampoline that no branch reaches. They are
// dead code until something is attached.

import { hex } from "../../../subjects/step.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { insnAt } from "./compiled-code.js";

export const longJump = codeOracle({
  name: "long-jump",
  statement:
    "The jump behind the epilogue reads the literal that follows it, at a multiple of 8: the address of the dummy trampoline.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, build_plt(), init_bpf_plt(), dummy_tramp",
  isAboutPlace: true,
  whole(code) {
    const { words, codeWords, roImage, dummyTramp } = code;
    const load = insnAt(code, codeWords - 2);
    const jump = insnAt(code, codeWords - 1);
    if (
      load?.kind !== "loadLiteral" ||
      load.op !== "load" ||
      jump?.kind !== "branchRegister" ||
      jump.op !== "br" ||
      jump.rn !== load.rt
    ) {
      return ["the last two words do not load an address and jump there"];
    }
    const at = codeWords - 2 + load.offset / 4;
    if (at !== codeWords) return [`the jump reads the literal at word ${at}, expected ${codeWords}`];
    if ((roImage + 4 * at) % 8 !== 0) return [`the literal lies at ${hex(roImage + 4 * at)}, expected a multiple of 8`];
    const low = words[at] ?? 0;
    const high = words[at + 1] ?? 0;
    const target = low + (high & 0xffff) * 2 ** 32;
    return target === dummyTramp && high >>> 16 === 0xffff ? PASS : [`the literal is ${hex(target)}`];
  },
});
