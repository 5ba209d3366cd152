// The first words of an image: what calls and jumps may land on, and the patch site that they share with trampolines.

import { type CompiledCode, insnAt, NONE, type Rule } from "./compiled-code.js";

const NOP = 0;
const BTI_J = 36;
/** For calls, and for jumps as of programs that replace others. */
const BTI_JC = 38;
/** Words from the landing pad to the place of a tail call: signing LR, frame record, counter. */
const FRAME_WORDS = 7;

export const landingPads: Rule = {
  name: "landing-pads",
  check(code) {
    const pad = code.bti ? 1 : 0;
    const breaches: string[] = [];
    if (code.bti && hintAt(code, 0) !== BTI_JC) breaches.push("the entry is no landing pad for calls and jumps");
    if (hintAt(code, pad + 1) !== NOP) breaches.push(`word ${pad + 1}, the patch site, is no NOP`);
    if (code.bti && code.isMain && hintAt(code, pad + FRAME_WORDS) !== BTI_J) {
      breaches.push("the place where tail calls land is no landing pad for jumps");
    }
    return breaches.length === 0 ? NONE : breaches;
  },
};

function hintAt(code: CompiledCode, at: number): number | undefined {
  const insn = insnAt(code, at);
  return insn?.kind === "hint" ? insn.imm7 : undefined;
}
