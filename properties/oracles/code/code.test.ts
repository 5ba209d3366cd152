import { describe, expect, test } from "vitest";
import type { RoAddr, Va } from "../../../machine/address.js";
import type { Machine } from "../../../machine/machine.js";
import { NOP } from "../../../spec/a64/hints.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { bpf } from "../../../spec/bpf/text/bpf.js";
import { ENTRY_BYTES, SHORT_ENTRY_BYTES } from "../../../spec/text/text.js";
import { defaultSubject } from "../../../subjects/index.js";
import { DEFAULT_ENV, type FunctionView, type JitEnv } from "../../../subjects/subject.js";
import { codeOf } from "./code-oracle.js";
import type { CompiledCode } from "./compiled-code.js";
import { CODE_ORACLES, structureBreaches } from "./index.js";

const IMAGE = 0x8000_8400_0008;
const EXIT = insn(rowById("exit"));

/** Function 0, beside a function 1 that it may call. */
function compiled(insns: readonly Insn[], given: Partial<JitEnv> = {}, wasClassic = false): CompiledCode {
  const env = { ...DEFAULT_ENV, ...given };
  const functions = [insns, [EXIT]].map((code, index) => ({ insns: code, index, stackDepth: 0, wasClassic }));
  const made = defaultSubject.compile(functions, env, (index) => IMAGE + 4096 * index);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const [main] = made.images;
  return {
    insns,
    words: new Uint32Array(main!.image.slice().buffer),
    codeWords: main!.jitedBytes / 4,
    roImage: main!.roImage,
    offsets: main!.offsets,
    tableBytes: main!.tableBytes,
    entries: main!.entries,
    entryBytes: ENTRY_BYTES,
    callBase: env.callBase,
    dummyTramp: env.dummyTramp,
    functions: made.images.map(({ roImage }) => roImage),
    inlined: new Set(),
    changes: env.changes,
    bti: env.bti,
    isMain: true,
    wasClassic,
    history: env.branchHistory,
  };
}

/** The same code with one word replaced; `at` counts from the first word of slot 0. */
function withWord(code: CompiledCode, at: number, change: (word: number) => number): CompiledCode {
  const words = code.words.slice();
  words[code.offsets[0]! + at] = change(words[code.offsets[0]! + at]!) >>> 0;
  return { ...code, words };
}

const BRANCHING = compiled(bpf("if r0 == 1 goto +1; r0 = 2; exit"));
const CALLING = compiled([insn(rowById("call local"), { off: 1 }), EXIT]);
const FAR = compiled([insn(rowById("call helper"), { imm: 64 }), EXIT], { callBase: 0x7000_0000_0000 });
const ADDRESS = compiled([insn(rowById("lddw code"), { off: 1 }), insn(rowById("lddw high")), EXIT]);
const FETCHING = compiled(bpf("r2 = atomic_fetch_add((u64 *)(r1 + 0), r2); exit"));
const ADDING = compiled(bpf("lock *(u64 *)(r1 + 0) += r2; exit"));
const LOOPING = compiled(bpf("r2 = atomic_fetch_add((u64 *)(r1 + 0), r2); exit"), { lse: false });
const PROBING = compiled([insn(rowById("probe ldxdw"), { dst: 2, src: 1 }), EXIT]);
const ACQUIRING = compiled([insn(rowById("arena load acquire w"), { dst: 2, src: 1 }), EXIT]);
const TAIL_CALL = compiled([insn(rowById("tail call")), EXIT]);
const BTI = compiled([EXIT], { bti: true });
const MOVING = compiled(bpf("r0 = 0x12345678; exit"));
const HINTING = compiled([EXIT], { branchHistory: { clear: "hint", firmware: undefined }, bti: true }, true);
const FORGETTING = compiled([EXIT], { branchHistory: { clear: { loops: 8 }, firmware: "smc" } }, true);
const KEEPING = compiled([EXIT], { branchHistory: { clear: "hint", firmware: undefined } });
/** The same with entries as they were up to 5.15: no type, and each that much nearer to the code. */
function shortEntries(code: CompiledCode): CompiledCode {
  const words = code.words.slice();
  const from = code.tableBytes / 4;
  for (let i = 0; i < code.entries; i++) {
    const nearer = i * (ENTRY_BYTES - SHORT_ENTRY_BYTES);
    words[from + 2 * i] = code.words[from + 3 * i]! + nearer;
    words[from + 2 * i + 1] = code.words[from + 3 * i + 1]! - nearer;
  }
  return { ...code, words, entryBytes: SHORT_ENTRY_BYTES };
}
const TWO_PROBES = shortEntries(
  compiled([...[2, 3].map((dst) => insn(rowById("probe ldxdw"), { dst, src: 1 })), EXIT]),
);

test("right code passes", () => {
  for (const code of [
    BRANCHING,
    CALLING,
    FAR,
    ADDRESS,
    FETCHING,
    ADDING,
    LOOPING,
    PROBING,
    TWO_PROBES,
    ACQUIRING,
    TAIL_CALL,
    BTI,
    MOVING,
    HINTING,
    FORGETTING,
    KEEPING,
  ])
    expect(structureBreaches(code)).toEqual([]);
});

/** Byte offset of the exception entry's fields, as a word relative to slot 0. */
const entryOf = (code: CompiledCode, field: number): number => code.tableBytes / 4 + field - code.offsets[0]!;
const entryWord = (field: number): number => entryOf(PROBING, field);
const SECOND_SHORT = entryOf(TWO_PROBES, 2);
const ACQUIRE = 0x0080_0000;
const literal = BRANCHING.codeWords - BRANCHING.offsets[0]!;

const BROKEN: readonly (readonly [oracle: string, code: CompiledCode, says: string])[] = [
  ["branches-land", withWord(BRANCHING, 1, (b) => b + 0x20), "branches to word"],
  ["branches-land", withWord(BRANCHING, 1, () => NOP), "is hint, no branch"],
  ["branches-land", { ...BRANCHING, offsets: BRANCHING.offsets.map((at, i) => (i === 1 ? 0 : at)) }, "begins at word"],
  ["branches-land", withWord(TAIL_CALL, 0, () => 0x5400_0040), "branches to word"],
  ["calls-reach", withWord(CALLING, 0, (bl) => bl + 1), "calls 0x"],
  ["calls-reach", withWord(CALLING, 0, () => NOP), "is neither BL nor a constant and BLR"],
  ["calls-reach", { ...FAR, callBase: FAR.callBase + 4 }, "expected 0x700000000044"],
  ["calls-reach", { ...FAR, roImage: 0x7000_0000_0000 }, "goes through a register although BL reaches its target"],
  ["calls-reach", { ...ADDRESS, functions: [IMAGE, IMAGE + 8] }, "expected the function at"],
  ["long-jump", withWord(BRANCHING, literal, () => NOP), "the literal is 0x"],
  [
    "long-jump",
    withWord(BRANCHING, literal - 1, () => NOP),
    "the last two words do not load an address and jump there",
  ],
  ["long-jump", withWord(BRANCHING, literal - 2, (ldr) => ldr + 0x20), "the jump reads the literal at word"],
  ["long-jump", { ...BRANCHING, roImage: IMAGE + 4 }, "expected a multiple of 8"],
  ["atomics-ordered", withWord(FETCHING, 0, (w) => w & ~ACQUIRE), "is not both acquire and release"],
  ["atomics-ordered", withWord(ADDING, 0, (w) => w | 0x00c0_0000), "which this operation does not need"],
  ["atomics-ordered", withWord(FETCHING, 0, () => NOP), "is neither one instruction nor a loop"],
  ["exception-entries", { ...PROBING, entries: 0 }, "0 entries for 1 accesses"],
  ["exception-entries", withWord(PROBING, entryWord(0), (w) => w - 4), "names byte"],
  ["exception-entries", withWord(PROBING, entryWord(1), (w) => w - 4), "goes on at byte"],
  ["exception-entries", withWord(PROBING, entryWord(1), (w) => w ^ 0x0800_0000), "clears x"],
  ["exception-entries", withWord(ACQUIRING, entryOf(ACQUIRING, 1), (w) => w ^ 0x0800_0000), "clears x"],
  ["exception-entries", withWord(PROBING, entryWord(2), (w) => w ^ 1), "has type"],
  ["exception-entries", withWord(TWO_PROBES, SECOND_SHORT, (w) => w - 4), "names byte"],
  ["exception-entries", withWord(TWO_PROBES, SECOND_SHORT + 1, (w) => w - 4), "goes on at byte"],
  ["landing-pads", withWord(BTI, -BTI.offsets[0]!, () => NOP), "the entry is no landing pad"],
  ["landing-pads", withWord(BRANCHING, 1 - BRANCHING.offsets[0]!, () => 0x9100_04e7), "the patch site, is no NOP"],
  ["landing-pads", withWord(BTI, 8 - BTI.offsets[0]!, () => NOP), "the place where tail calls land is no landing pad"],
  ["landing-pads", { ...BTI, wasClassic: true }, "there is a landing pad for tail calls, which nobody makes"],
  ["branch-history", { ...HINTING, history: undefined }, 'before it returns: expected "", got "hint #0x16"'],
  ["branch-history", { ...HINTING, wasClassic: false }, 'before it returns: expected "", got "hint #0x16"'],
  ["branch-history", { ...KEEPING, wasClassic: true }, 'before it returns: expected "hint #0x16", got ""'],
  [
    "branch-history",
    { ...FORGETTING, history: HINTING.history },
    'before it returns: expected "hint #0x16", got "mov w0',
  ],
  ["short-forms", { ...MOVING, insns: [insn(rowById("mov imm"), { imm: 1 }), EXIT] }, "takes 2 words, 1 are enough"],
];

test.each(BROKEN)("%s: %#", (oracle, code, says) => {
  const breaches = CODE_ORACLES.find(({ name }) => name === oracle)!.breaches(code);
  expect(breaches[0]).toContain(says);
});

test("every oracle of code is shown to object", () => {
  expect(new Set(BROKEN.map(([oracle]) => oracle))).toEqual(new Set(CODE_ORACLES.map(({ name }) => name)));
});

test("where no image ends with a long jump, the exception table is right behind the code", () => {
  const peek = (_: Va, bytes: number): Uint8Array => new Uint8Array(bytes);
  const machine = { peek } as unknown as Machine;
  const view = {
    ...{ fn: { insns: [EXIT], index: 0, stackDepth: 0 }, bpfFunc: IMAGE as RoAddr, jitedLen: 8 },
    ...{ offsets: Int32Array.of(0, 1), extable: (IMAGE + 8) as RoAddr, entries: 2 },
  } as unknown as FunctionView;
  const [short] = codeOf({ machine, env: DEFAULT_ENV, literalBytes: 0, entryBytes: SHORT_ENTRY_BYTES }, [view]);
  expect(short).toMatchObject({ tableBytes: 8, entries: 2, entryBytes: SHORT_ENTRY_BYTES });
  expect(short!.words).toHaveLength(6);
  // Where one does, that place is its address.
  expect(codeOf({ machine, env: DEFAULT_ENV }, [{ ...view, fn: { ...view.fn } }])[0]).toMatchObject({ entries: 0 });
});

describe("the loop of exclusive accesses", () => {
  test.each([
    ["the store does not release", (w: number) => ((w & 0xffe0_8000) >>> 0 === 0xc800_8000 ? w & ~0x8000 : w)],
    ["does not end with a barrier", (w: number) => (w === 0xd503_3bbf ? NOP : w)],
  ])("%s", (says, change) => {
    const code = { ...LOOPING, words: LOOPING.words.map((w) => change(w) >>> 0) };
    expect(structureBreaches(code).join()).toContain(says);
  });
});
