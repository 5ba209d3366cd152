// What Linux 6.12 makes of divisions before a JIT sees them. On arm64 no result depends on it, since UDIV and SDIV never
// trap; the bytes do.

import { lower, type VerifierEnv } from "../../impl/verifier/rewrite.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

/** Instruction, and what stands for it. R11 is the verifier's own. */
const GUARDED: Readonly<Record<string, readonly string[]>> = {
  "r1 /= r2": ["if r2 != 0 goto +2", "w1 ^= w1", "goto +1", "r1 /= r2"],
  "w1 /= w2": ["if w2 != 0 goto +2", "w1 ^= w1", "goto +1", "w1 /= w2"],
  "r1 %= r2": ["if r2 == 0 goto +1", "r1 %= r2"],
  "w1 %= w2": ["if w2 == 0 goto +2", "w1 %= w2", "goto +1", "w1 = w1"],
  "r1 s/= r2": [
    ...["r11 = r2", "r11 += 1", "if r11 > 1 goto +4", "if r11 == 0 goto +1", "r1 = 0", "r1 = -r1", "goto +1"],
    "r1 s/= r2",
  ],
  "w1 s/= w2": [
    ...["r11 = r2", "w11 += 1", "if w11 > 1 goto +4", "if w11 == 0 goto +1", "w1 = 0", "w1 = -w1", "goto +1"],
    "w1 s/= w2",
  ],
  "r1 s%= r2": [
    ...["r11 = r2", "r11 += 1", "if r11 > 1 goto +3", "if r11 == 1 goto +3", "w1 = 0", "goto +1"],
    "r1 s%= r2",
  ],
  "w1 s%= w2": [
    ...["r11 = r2", "w11 += 1", "if w11 > 1 goto +3", "if w11 == 1 goto +4", "w1 = 0", "goto +1"],
    ...["w1 s%= w2", "goto +1", "w1 = w1"],
  ],
  "r1 s/= -1": ["r1 = -r1"],
  "w1 s/= -1": ["w1 = -w1"],
  "r1 s%= -1": ["w1 = 0"],
  "w1 s%= -1": ["w1 = 0"],
  "r1 s/= -2": ["r1 s/= -2"],
  "r1 s%= 3": ["r1 s%= 3"],
  "r1 /= 7": ["r1 /= 7"],
};

const NO_ADDRESSES: VerifierEnv = {
  ...{ mapObject: () => 0, mapValues: () => 0, helperOffset: () => undefined },
  rewriteDivision: true,
};

export const DIVISION_GUARDS: DirectedCase = { name: "divisions are guarded as Linux guards them", check };

function check(): string | undefined {
  for (const [text, expected] of Object.entries(GUARDED)) {
    const code = bpf(`${text}; exit`);
    const facts = { functions: [{ start: 0, end: code.length, stackDepth: 0 }], contextLoads: new Set<number>() };
    const [fn] = lower(code, facts, NO_ADDRESSES).functions;
    const insns = fn!.insns;
    const got = insns.slice(0, -1).map((_, pc) => printInsn(insns, pc));
    if (got.join("; ") !== expected.join("; ")) return `${text} became "${got.join("; ")}"`;
  }
  return undefined;
}
