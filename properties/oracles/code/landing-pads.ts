// The first words of an image: what calls and jumps may land on, and the patch site that they share with trampolines.

import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { type CompiledCode, insnAt } from "./compiled-code.js";

const NOP = 0;
const BTI_J = 36;
/** For calls, and for jumps as of programs that replace others. */
const BTI_JC = 38;
const PACIASP = 25;
/** Words from the landing pad to the place of a tail call: copy of LR, patch site, frame record, counter. */
const FRAME_WORDS = 6;

export const landingPads = codeOracle({
  name: "landing-pads",
  statement:
    "An image begins with a landing pad for calls and jumps and a NOP to patch, and tail calls have a landing pad of their own where there are any.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, build_prologue(), POKE_OFFSET",
  whole(code) {
    const pad = code.bti ? 1 : 0;
    const breaches: string[] = [];
    if (code.bti && hintAt(code, 0) !== BTI_JC) breaches.push("the entry is no landing pad for calls and jumps");
    if (hintAt(code, pad + 1) !== NOP) breaches.push(`word ${pad + 1}, the patch site, is no NOP`);
    // Where LR is signed, that comes behind the patch site.
    const entered = pad + FRAME_WORDS + (hintAt(code, pad + 2) === PACIASP ? 1 : 0);
    const lands = hintAt(code, entered) === BTI_J;
    if (code.bti && code.isMain && !code.wasClassic && !lands) {
      breaches.push("the place where tail calls land is no landing pad for jumps");
    }
    if (code.wasClassic && lands) breaches.push("there is a landing pad for tail calls, which nobody makes");
    return breaches.length === 0 ? PASS : breaches;
  },
});

function hintAt(code: CompiledCode, at: number): number | undefined {
  const insn = insnAt(code, at);
  return insn?.kind === "hint" ? insn.imm7 : undefined;
}
