// What a program that was converted from classic BPF does on its way out: anybody may load one, so it must not leave a
// branch history behind that somebody else's speculation could go by (Spectre-BHB).

import { text } from "../../../spec/a64/text.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { type CompiledCode, insnAt } from "./compiled-code.js";

const LAST_BUT_ONE = "ldp xzr, x26, [sp], #0x10";
const LAST_BUT_ONE_WORD = 0xa8c1_6bff;
const LAST_WORD = 0xa8c1_7bfd;
const LAST = "ldp x29, x30, [sp], #0x10";
/** SMCCC_ARCH_WORKAROUND_3. */
/** Small numbers are printed in decimal, larger ones in hex. */
const SMALL = /^mov w0, #(0x[0-9a-f]+)$/;
const WORKAROUND = "mov w0, #-0x7fffc001";

export const branchHistory = codeOracle({
  name: "branch-history",
  statement:
    "A program that was classic BPF forgets the branch history between the last two pairs that it pops, in the way of its CPU, and no other program does.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, build_bhb_mitigation(), build_epilogue()",
  whole(code) {
    // Nearly all code: nothing to forget, and nothing between the two.
    const forgets = code.wasClassic && code.history !== undefined;
    if (!forgets && code.words[code.words.lastIndexOf(LAST_BUT_ONE_WORD) + 1] === LAST_WORD) return PASS;
    const lines = linesOfEpilogue(code);
    const from = lines.lastIndexOf(LAST_BUT_ONE);
    const to = lines.lastIndexOf(LAST);
    // An exception callback, or code that is no longer an epilogue: what other oracles are for.
    if (from < 0 || to < from) return PASS;
    const got = lines.slice(from + 1, to).join("; ");
    const expected = sequenceOf(code).join("; ");
    return got === expected ? PASS : [`before it returns: expected "${expected}", got "${got}"`];
  },
});

/** As printed at address 0, the top of which is all ones for a kernel. */
function linesOfEpilogue(code: CompiledCode): readonly string[] {
  const lines: string[] = [];
  for (let at = code.offsets.at(-1) ?? 0; at < code.codeWords; at++) {
    const insn = insnAt(code, at);
    lines.push(insn === undefined ? "no instruction" : text(insn, 0).replace(SMALL, (_, n) => `mov w0, #${Number(n)}`));
  }
  return lines;
}

function sequenceOf({ wasClassic, history }: CompiledCode): readonly string[] {
  if (!wasClassic || history === undefined) return [];
  const { clear, firmware } = history;
  if (clear === "hint") return ["hint #0x16"];
  const loop =
    clear === undefined
      ? []
      : [
          ...[`mov w0, #${clear.loops}`, "b #0xffff000000000004", "subs x0, x0, #1"],
          ...["b.ne #0xfffefffffffffff8", "dsb ish", "isb #0"],
        ];
  return firmware === undefined ? loop : [...loop, WORKAROUND, `${firmware} #0`];
}
