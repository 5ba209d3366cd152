// Compiled code at its limits: how far conditional branches and calls reach. Every rule of structure is checked.

import { halves, type Va } from "../../machine/address.js";
import { BRANCH_REACH, CONDITION_REACH } from "../../spec/a64/address.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { ENTRY_BYTES } from "../../spec/text/text.js";
import { fn, IMAGE, leftIn, linuxIn, wordsOfSlots } from "../../subjects/directed-case.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import {
  type CompiledImage,
  DEFAULT_ENV,
  type DirectedCase,
  describe,
  type JitEnv,
  type JitFunction,
  machineFor,
  type Subject,
} from "../../subjects/subject.js";
import { structureBreaches } from "../oracles/code/index.js";

type PlaceOf = (index: number) => Va;
const place: PlaceOf = () => IMAGE;

/** The first broken rule of structure, or why the functions are refused; undefined if they compile well. */
export function compiles(
  subject: Subject,
  functions: readonly JitFunction[],
  placeOf: PlaceOf = place,
  given: Partial<JitEnv> = {},
): string | undefined {
  const env = { ...DEFAULT_ENV, ...subject.build, ...given };
  const compiled = subject.compile(functions, env, placeOf);
  if (!compiled.ok && compiled.error.kind === "kernelRefuses" && compiled.error.missing !== undefined)
    throw new NotModelled(compiled.error.missing);
  if (!compiled.ok) return `function ${compiled.index} is refused: ${describe(compiled.error)}`;
  for (const [index, image] of compiled.images.entries()) {
    const breach = breaches(functions[index]!, image, compiled.images, env, subject.mute)[0];
    if (breach !== undefined) return `function ${index}: ${breach}`;
  }
  return undefined;
}

/** What is wrong if a refusal is expected. */
function isRefused(
  subject: Subject,
  functions: readonly JitFunction[],
  given: Partial<JitEnv> = {},
): string | undefined {
  const compiled = subject.compile(functions, { ...DEFAULT_ENV, ...subject.build, ...given }, place);
  return compiled.ok ? TAKEN : undefined;
}
const TAKEN = "it is taken, expected a refusal";

const breaches = (
  { insns, index, wasClassic = false }: JitFunction,
  image: CompiledImage,
  all: readonly CompiledImage[],
  env: JitEnv,
  mute: Subject["mute"],
) =>
  structureBreaches(
    {
      ...{ insns, isMain: index === 0, inlined: new Set<number>(), wasClassic, history: env.branchHistory },
      words: new Uint32Array(image.image.buffer, image.image.byteOffset, image.image.length / 4),
      codeWords: image.jitedBytes / 4,
      ...{ roImage: image.roImage, offsets: image.offsets, tableBytes: image.tableBytes, entries: image.entries },
      entryBytes: image.entryBytes ?? ENTRY_BYTES,
      ...{ callBase: env.callBase, dummyTramp: env.dummyTramp, bti: env.bti },
      changes: env.changes,
      functions: all.map(({ roImage }) => roImage),
    },
    mute,
  );

const JUMP = rowById("jeq imm");
const WORD = insn(rowById("mov reg"), { dst: 1, src: 2 });
/** The slot with the most words: a tail call. */
const LONG = insn(rowById("tail call"));
/** It may fault, and what is lowered again has one entry of the exception table for it nevertheless. */
const PROBE = insn(rowById("probe ldxdw"), { dst: 2, src: 1 });
const EXIT = insn(rowById("exit"));

/** Slots that take exactly so many words. */
function filler(subject: Subject, words: number): readonly Insn[] {
  const slot = wordsOfSlots(subject, [LONG, EXIT], 1);
  const each = slot instanceof Uint32Array ? slot.length : 1;
  const long = Math.floor(words / each);
  return [...new Array<Insn>(long).fill(LONG), ...new Array<Insn>(words - long * each).fill(WORD)];
}

/** `if r0 == 0` over the slots between to the one behind them. */
const forward = (...between: readonly Insn[]) => [fn(0, insn(JUMP, { off: between.length }), ...between, EXIT, EXIT)];
/** Back over the slots between to the first one. */
const backward = (...between: readonly Insn[]) => [fn(0, ...between, insn(JUMP, { off: -between.length - 1 }), EXIT)];

/** Near in the end, since calls turn out to be direct, but out of reach as long as all of them count as indirect. */
function overCalls(subject: Subject): readonly JitFunction[] {
  const call = insn(rowById("call helper"), { imm: 0x1000 });
  const calls = 12_000;
  // With the move behind it, a direct call takes two words, an indirect one five.
  const before = filler(subject, CONDITION_REACH - 1000 - 2 * calls);
  return forward(PROBE, ...before, ...new Array<Insn>(calls).fill(call));
}

/** With so many words between: the comparison of a branch is one more. */
const AT_REACH = [
  ["forward branch at its reach", compiles, forward, CONDITION_REACH - 2],
  ["forward branch beyond its reach", isRefused, forward, CONDITION_REACH - 1],
  ["backward branch at its reach", compiles, backward, CONDITION_REACH - 1],
  ["backward branch beyond its reach", isRefused, backward, CONDITION_REACH],
] as const;

/** In the words of a kernel that is not ours. */
const REFUSED_TOO_FAR = { quirk: "firstPassRange", what: /is refused: .*imm=.* out of range$/ } as const;
/** What is too far becomes the furthest branch back. */
const TAKEN_TOO_FAR = {
  quirk: "branchRangeDoubled",
  what: /^it is taken, expected a refusal$|: branches-land: slot \d+ \(jeq imm\): word \d+ branches to word -\d+, expected \d+$/,
} as const;

/** Its room is found and its buffer is there by the time that the branch is written. */
function leftByRefusal(subject: Subject, reach: number): string | undefined {
  const kernel = subject.boot({ machine: machineFor(subject), random: () => 0 });
  const before = leftIn(kernel);
  const loaded = kernel.loadProgram(forward(...filler(subject, reach - 1)));
  if (loaded.ok) return TAKEN;
  const after = leftIn(kernel);
  return after === before ? undefined : `${after}, and before the load ${before}`;
}

const BRANCHES: readonly DirectedCase[] = [
  ...AT_REACH.map(([name, expect, branch, words]) => ({
    name,
    finds: [TAKEN_TOO_FAR],
    check: (subject: Subject) => expect(subject, branch(...filler(subject, words))),
  })),
  {
    name: "a program that is refused for a branch beyond its reach leaves nothing behind",
    check(subject) {
      const left = leftByRefusal(subject, CONDITION_REACH);
      // branchRangeDoubled: it is taken, and one that goes twice as far is refused.
      return left === TAKEN ? leftByRefusal(subject, 2 * CONDITION_REACH) : left;
    },
  },
  {
    name: "forward branch over calls that come within its reach",
    finds: [REFUSED_TOO_FAR, TAKEN_TOO_FAR],
    check: (subject) => compiles(subject, overCalls(subject)),
  },
  {
    name: "near backward branch far from the start, which Linux refuses: in its first pass it looks endless",
    finds: [REFUSED_TOO_FAR, TAKEN_TOO_FAR],
    check(subject) {
      const high = [fn(0, ...filler(subject, CONDITION_REACH + 8), WORD, insn(JUMP, { off: -2 }), EXIT)];
      return compiles(subject, high) ?? isRefused(subject, high, { quirks: linuxIn("firstPassRange") });
    },
  },
];

/** Words of the prologue of a main program that saves nothing, and of a subprogram's. */
const PROLOGUE_WORDS = 7;

/** The first slot calls kernel text so many bytes away. What BL does not reach is called through a register. */
const helperAt = (distance: number): DirectedCase => ({
  name: `helper ${distance} bytes away`,
  check(subject) {
    const helper = IMAGE + 4 * PROLOGUE_WORDS + distance;
    // Where a kernel that is built has its base is not to be chosen.
    const callBase = subject.build?.callBase ?? helper;
    const imm = helper - callBase;
    if (imm !== (imm | 0))
      throw new NotModelled(`a helper within 2 GiB of 0x${callBase.toString(16)} and of the program`);
    const call = insn(rowById("call helper"), { imm });
    return compiles(subject, [fn(0, call, EXIT)], place, { callBase });
  },
});

/** The first slot calls another function of the program. Images lie on multiples of 8. */
const functionAt = (distance: number): DirectedCase => ({
  name: `function ${distance} bytes away`,
  check(subject) {
    const main = fn(0, insn(rowById("call local"), { off: 1 }), EXIT);
    return compiles(subject, [main, fn(1, EXIT)], (index) => IMAGE + index * distance);
  },
});

/** A function's address as a constant. */
const addressOf = (distance: number): DirectedCase => ({
  name: `address of a function ${distance} bytes away`,
  check(subject) {
    const load = [insn(rowById("lddw code"), { off: 1 }), insn(rowById("lddw high"), { imm: halves(0).high | 0 })];
    return compiles(subject, [fn(0, PROBE, ...load, EXIT), fn(1, EXIT)], (index) => IMAGE + index * distance);
  },
});

export const CODE: readonly DirectedCase[] = [
  ...[BRANCH_REACH - 4, BRANCH_REACH, -BRANCH_REACH, -BRANCH_REACH - 4, 4096].map(helperAt),
  ...[BRANCH_REACH + 24, BRANCH_REACH + 32, 4096, -BRANCH_REACH, 2 ** 30].map(functionAt),
  ...[4096, 2 ** 30].map(addressOf),
  ...BRANCHES,
];
