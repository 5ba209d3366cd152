// What a program that was converted from classic BPF does to the branch history before it returns, by CPU and firmware:
// nothing in an ordinary run tells whether it is there.

import { compileImages } from "../../impl/jit/compile.js";
import { type BranchHistory, DEFAULT_ENV } from "../../impl/jit/env.js";
import { decode } from "../../spec/a64/decode.js";
import { text } from "../../spec/a64/text.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

/** Branches are told as if each lay at the start of the upper half: over nothing, and two words back. */
const LOOP = [
  "mov w0, #0xb",
  "b #0xffff000000000004",
  "subs x0, x0, #1",
  "b.ne #0xfffefffffffffff8",
  "dsb ish",
  "isb #0",
];
const CALL = "mov w0, #-0x7fffc001";

/** What lies between the epilogue's two last pairs. */
const SEQUENCES: readonly (readonly [BranchHistory | undefined, readonly string[]])[] = [
  [undefined, []],
  [{ clear: undefined, firmware: undefined }, []],
  [{ clear: "hint", firmware: undefined }, ["hint #0x16"]],
  // A CPU with the hint needs nothing else.
  [{ clear: "hint", firmware: "hvc" }, ["hint #0x16"]],
  [{ clear: { loops: 11 }, firmware: undefined }, LOOP],
  [{ clear: undefined, firmware: "smc" }, [CALL, "smc #0"]],
  [{ clear: { loops: 11 }, firmware: "hvc" }, [...LOOP, CALL, "hvc #0"]],
];

export const BRANCH_HISTORY: DirectedCase = { name: "a classic program forgets the branch history", check };

function check(): string | undefined {
  for (const wasClassic of [true, false]) {
    for (const [branchHistory, sequence] of SEQUENCES) {
      const expected = wasClassic ? sequence : [];
      const got = betweenPairs(wasClassic, branchHistory);
      if (got.join("; ") === expected.join("; ")) continue;
      const what = `${wasClassic ? "classic" : "not classic"}, ${JSON.stringify(branchHistory)}`;
      return `${what}: expected "${expected.join("; ")}", got "${got.join("; ")}"`;
    }
  }
  return undefined;
}

function betweenPairs(wasClassic: boolean, branchHistory: BranchHistory | undefined): readonly string[] {
  const fn = { insns: bpf("r0 = 0; exit"), index: 0, stackDepth: 0, wasClassic };
  const compiled = compileImages([fn], { ...DEFAULT_ENV, branchHistory }, () => 0);
  if (!compiled.ok) return ["refused"];
  const { image, jitedBytes } = compiled.images[0]!;
  const words = new Uint32Array(image.buffer, image.byteOffset, jitedBytes / 4);
  const lines = [...words].map((word) => {
    const insn = decode(word);
    return insn === undefined ? `0x${word.toString(16)}` : text(insn, 0);
  });
  return lines.slice(
    lines.lastIndexOf("ldp xzr, x26, [sp], #0x10") + 1,
    lines.lastIndexOf("ldp x29, x30, [sp], #0x10"),
  );
}
