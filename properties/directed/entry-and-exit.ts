// How a program is entered and left, by configuration of the kernel: landing pads, pointer authentication, and what a
// program that was converted from classic BPF does to the branch history. Nothing in an ordinary run tells.

import { decode } from "../../spec/a64/decode.js";
import { text } from "../../spec/a64/text.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { fn, IMAGE } from "../../subjects/directed-case.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { DEFAULT_ENV, type DirectedCase, type JitEnv, type Subject } from "../../subjects/subject.js";
import { compiles } from "./code.js";

const PROGRAM = fn(0, ...bpf("r0 = 0; exit"));

/** Landing pad, copy of LR, patch site, PACIASP, frame record, FP, counter, its address. */
const WORDS = { pad: 1, pac: 1, others: 6 };

/** Where a tail call enters follows from both. */
const configuration = (bti: boolean, pac: boolean): DirectedCase => ({
  name: `a kernel ${bti ? "with" : "without"} landing pads, ${pac ? "with" : "without"} pointer authentication`,
  check(subject) {
    const wrong = compiles(subject, [PROGRAM], undefined, { bti, pac });
    if (wrong !== undefined) return wrong;
    const entered = subject.prologueOffset({ ...DEFAULT_ENV, bti, pac });
    const expected = WORDS.others + (bti ? WORDS.pad : 0) + (pac ? WORDS.pac : 0);
    return entered === expected ? undefined : `a tail call enters at word ${entered}, expected ${expected}`;
  },
});

const CLASSIC_ENTRY: DirectedCase = {
  name: "nobody tail calls a classic program, so it has no landing pad for that",
  check(subject) {
    const [converted, other] = [true, false].map((wasClassic) => {
      const compiled = subject.compile(
        [{ ...PROGRAM, wasClassic }],
        { ...DEFAULT_ENV, ...subject.build, bti: true },
        () => IMAGE,
      );
      return compiled.ok ? compiled.images[0]!.offsets[0]! : Number.NaN;
    });
    return converted! + 1 === other ? undefined : `it begins with ${converted} words, any other with ${other}`;
  },
};

type BranchHistory = JitEnv["branchHistory"];

/** Branches are printed as if each lay at 0xffff000000000000: one to the next word, one two words back. */
const LOOP = [
  ...["mov w0, #0xb", "b #0xffff000000000004", "subs x0, x0, #1", "b.ne #0xfffefffffffffff8", "dsb ish", "isb #0"],
];
const CALL = "mov w0, #-0x7fffc001";

/** What lies between the epilogue's two last pairs. */
const SEQUENCES: readonly (readonly [BranchHistory, readonly string[]])[] = [
  [undefined, []],
  [{ clear: undefined, firmware: undefined }, []],
  [{ clear: "hint", firmware: undefined }, ["hint #0x16"]],
  // A CPU with the hint needs nothing else.
  [{ clear: "hint", firmware: "hvc" }, ["hint #0x16"]],
  [{ clear: { loops: 11 }, firmware: undefined }, LOOP],
  [{ clear: undefined, firmware: "smc" }, [CALL, "smc #0"]],
  [{ clear: { loops: 11 }, firmware: "hvc" }, [...LOOP, CALL, "hvc #0"]],
];

const BRANCH_HISTORY: DirectedCase = {
  name: "a classic program forgets the branch history",
  check(subject) {
    if (subject.mute.has("short-forms")) throw new NotModelled("an epilogue as that of Linux 6.12");
    for (const wasClassic of [true, false]) {
      for (const [branchHistory, sequence] of SEQUENCES) {
        const expected = wasClassic ? sequence : [];
        const got = betweenPairs(subject, wasClassic, branchHistory);
        if (got.join("; ") === expected.join("; ")) continue;
        const what = `${wasClassic ? "classic" : "not classic"}, ${JSON.stringify(branchHistory)}`;
        return `${what}: expected "${expected.join("; ")}", got "${got.join("; ")}"`;
      }
    }
    return undefined;
  },
};

function betweenPairs(subject: Subject, wasClassic: boolean, branchHistory: BranchHistory): readonly string[] {
  const compiled = subject.compile(
    [{ ...PROGRAM, wasClassic }],
    { ...DEFAULT_ENV, ...subject.build, branchHistory },
    () => IMAGE,
  );
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

export const ENTRY_AND_EXIT: readonly DirectedCase[] = [
  BRANCH_HISTORY,
  CLASSIC_ENTRY,
  ...[true, false].flatMap((bti) => [true, false].map((pac) => configuration(bti, pac))),
];
