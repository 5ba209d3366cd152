// Our decoder against Capstone: every word that we know, Capstone knows too, and writes in the same words.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisassembler } from "../../engines/capstone/disassembler.js";
import { pointer } from "../../spec/a64/address.js";
import { decode, explain } from "../../spec/a64/decode.js";
import { ENCODING_CLASSES } from "../../spec/a64/insn.js";
import { text } from "../../spec/a64/text.js";
import { assertLaw, saturated } from "../../testing/law.js";

const disassemble = await openDisassembler();
const PC = 0x8000_0000_1000;
const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;

/** Both texts of a word, or undefined if we do not know it. */
function texts(word: number): { readonly ours: string; readonly capstone: string | undefined } | undefined {
  const insn = decode(word);
  return insn && { ours: text(insn, PC), capstone: disassemble(word, pointer(PC)) };
}

/** Capstone has no names for one-bit fields of PSTATE with other bits set, and for a cache operation of Armv8.5. */
function inOurWords(capstone: string, ours: string): string {
  const isUnnamed = /^msr s0_\d_c4_c\d+_\d, xzr$/.test(capstone) && /^msr (pan|uao|dit|ssbs), #/.test(ours);
  return isUnnamed || /^sys #3, c7, c13, #1\b/.test(capstone) ? ours : capstone;
}

/** LDTR and its kin, some offsets of which Capstone refuses. */
const isUnprivileged = (word: number): boolean => (word & 0x3f20_0c00) >>> 0 === 0x3800_0800;

function agree(word: number): void {
  const both = texts(word);
  if (both?.capstone === undefined && isUnprivileged(word)) return;
  if (both !== undefined && both.ours !== inOurWords(both.capstone ?? "", both.ours)) {
    throw new Error(`${hex(word)}: we say "${both.ours}", Capstone says "${both.capstone ?? "no instruction"}"`);
  }
}

/** Registers are often 31 and fields often all zeros or all ones, where the aliases live. */
const edgy = fc
  .tuple(fc.integer(), fc.constantFrom(0, 0x1f, 0x3e0, 0x3ff, 0x1f_0000, 0x7c00, 0xfc00, 0x3f_fc00, 0xff_ffe0, -1))
  .chain(([bits, mask]) => fc.constantFrom(bits, bits | mask, bits & ~mask));

const CLASSES = ENCODING_CLASSES.map((row) => [row.pattern, row] as const);

describe.each(CLASSES)("%s", (_pattern, { value, mask, decode }) => {
  test("reads as Capstone has it", () => {
    let known = 0;
    assertLaw(
      fc.property(edgy, (bits) => {
        const word = (value | (bits & ~mask)) >>> 0;
        agree(word);
        if (typeof decode(word) !== "string") known++;
      }),
      { seed: 64, numRuns: saturated({ few: 1000, full: 5000 }) },
    );
    // Of system instructions few encodings are used.
    expect(known).toBeGreaterThan(value >>> 24 === 0xd5 ? 0 : saturated({ few: 10, full: 100 }));
  });
});

const RANDOM_WORDS = saturated({ few: 50_000, full: 300_000 });

test("random words that we know read as Capstone has them", () => {
  let known = 0;
  assertLaw(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (word) => {
      agree(word);
      if (decode(word) !== undefined) known++;
    }),
    { seed: 6412, numRuns: RANDOM_WORDS },
  );
  expect(known).toBeGreaterThan((2 / 15) * RANDOM_WORDS);
});

test("all bitmask immediates, bitfields and wide moves read as Capstone has them", () => {
  for (const width of [0, 0x8000_0000]) {
    for (let field = 0; field < 8192; field++) {
      for (const registers of [0x21, 0x3e1, 0x3f, 0x3ff]) {
        for (const op of [0, 1, 2, 3]) agree((width | (op << 29) | 0x1200_0000 | (field << 10) | registers) >>> 0);
        for (const op of [0, 2]) agree((width | (op << 29) | 0x1300_0000 | (field << 10) | registers) >>> 0);
      }
    }
    for (const imm16 of [0, 1, 9, 10, 0x7fff, 0x8000, 0xfffe, 0xffff]) {
      for (let opAndShift = 0; opAndShift < 16; opAndShift++) {
        const op = opAndShift >> 2;
        agree((width | (op << 29) | 0x1280_0000 | ((opAndShift & 3) << 21) | (imm16 << 5) | 3) >>> 0);
      }
    }
  }
});

test("what Capstone knows within a modelled class we refuse only as constrained unpredictable", () => {
  const refused = new Set<string>();
  assertLaw(
    fc.property(fc.constantFrom(...ENCODING_CLASSES), fc.integer(), ({ value, mask }, bits) => {
      const word = (value | (bits & ~mask)) >>> 0;
      const why = explain(word);
      if (why !== undefined && why !== "not modelled" && disassemble(word, 0n) !== undefined) refused.add(why);
    }),
    { seed: 65, numRuns: 100_000 },
  );
  expect([...refused].sort()).toEqual([
    "constrained unpredictable: should-be-one field",
    "constrained unpredictable: status register equals base register",
    "constrained unpredictable: status register equals data register",
    "constrained unpredictable: written-back base equals data register",
  ]);
});

/** Vector registers: their arithmetic, SVE and SME, and loads and stores of them. */
const isVector = (word: number): boolean => {
  const group = (word >>> 25) & 15;
  return group === 0 || group === 2 || (group & 7) === 7 || ((group & 5) === 4 && ((word >>> 26) & 1) === 1);
};

/** What kernel code for any processor does not have: extensions that it would ask for, other exception levels, debuggers. */
const EXTENSIONS: Readonly<Record<string, RegExp>> = {
  "memory tagging": /^(addg|subg|subps?|gmi|irg|ldgm?|stz?2?gm?|stgp)$/,
  "memory copy and set": /^(cpy|set)/,
  "hinted conditional branches": /^bc\./,
  "flag manipulation": /^(cfinv|axflag|xaflag|rmif|setf8|setf16)$/,
  "authenticated loads, generic authentication": /^(ldraa|ldrab|pacga)$/,
  "transactions, streaming mode, 64-byte accesses": /^(tstart|tcommit|tcancel|ttest|smstart|smstop|ld64b|st64bv?0?)$/,
  "waits with a timeout, barriers without XS": /^(wfet|wfit|dsb)$/,
  "other system registers and operations": /^(mrs|msr|sys|sysl|at|dc|tlbi|ic|cfp|cpp|dvp|brb)$/,
  "exceptions that kernel code does not take": /^(svc|hlt|eret|eretaa|eretab|drps|dcps[123]|udf)$/,
};

test("what Capstone knows and we do not belongs to an extension on this list", () => {
  const missing = new Set<string>();
  const families = Object.values(EXTENSIONS);
  const ask = (word: number): void => {
    if (isVector(word) || explain(word) !== "not modelled") return;
    const name = disassemble(word, 0n)?.split(" ")[0];
    if (name !== undefined && !families.some((family) => family.test(name))) missing.add(name);
  };
  for (let top = 0; top < 1 << 16; top++) {
    for (const low of [0, 0x41f, 0x1be3, 0x7c20, 0xffff]) ask(((top << 16) | low) >>> 0);
    ask(((top << 16) | (Math.imul(top, 0x9e37_79b1) >>> 16)) >>> 0);
  }
  for (let low = 0; low < 1 << 21; low += saturated({ few: 19, full: 3 })) ask((0xd500_0000 | low) >>> 0);
  expect([...missing].sort()).toEqual([]);
});
