// Our decoder against Capstone: every word that we know, Capstone knows too, and writes in the same words.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisassembler } from "../../engines/capstone/disassembler.js";
import { pointer } from "../../spec/a64/address.js";
import { decode, explain } from "../../spec/a64/decode.js";
import type { A64Kind } from "../../spec/a64/insn.js";
import { text } from "../../spec/a64/text.js";
import { assertLaw } from "../../testing/law.js";

const disassemble = await openDisassembler();
const PC = 0x8000_0000_1000;
const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;

/** Both texts of a word, or undefined if we do not know it. */
function texts(word: number): { readonly ours: string; readonly capstone: string | undefined } | undefined {
  const insn = decode(word);
  return insn && { ours: text(insn, PC), capstone: disassemble(word, pointer(PC)) };
}

function agree(word: number): void {
  const both = texts(word);
  if (both !== undefined && both.ours !== both.capstone) {
    throw new Error(`${hex(word)}: we say "${both.ours}", Capstone says "${both.capstone ?? "no instruction"}"`);
  }
}

/** Per class: the fixed bits, and the bits that are free. Drawn evenly, where random words seldom meet the small ones. */
const CLASSES: Readonly<Record<A64Kind, readonly (readonly [fixed: number, free: number])[]>> = {
  address: [[0x1000_0000, 0x60ff_ffff]],
  addSubImmediate: [[0x1100_0000, 0xe07f_ffff]],
  addSubShifted: [[0x0b00_0000, 0xe0df_ffff]],
  logicalImmediate: [[0x1200_0000, 0xe07f_ffff]],
  logicalShifted: [[0x0a00_0000, 0xe0ff_ffff]],
  moveWide: [[0x1280_0000, 0xe07f_ffff]],
  bitfield: [
    [0x1300_0000, 0x403f_ffff],
    [0x9340_0000, 0x403f_ffff],
  ],
  twoSource: [[0x1ac0_0800, 0x801f_27ff]],
  threeSource: [[0x1b00_0000, 0x801f_ffff]],
  reverse: [[0x5ac0_0000, 0x8000_0fff]],
  accessImmediate: [[0x3900_0000, 0xc0ff_ffff]],
  accessRegister: [[0x3820_4800, 0xc0df_b3ff]],
  loadLiteral: [[0x1800_0000, 0x40ff_ffff]],
  accessPair: [[0xa800_0000, 0x01ff_ffff]],
  loadExclusive: [[0x885f_7c00, 0x4000_83ff]],
  storeExclusive: [[0x8800_7c00, 0x401f_83ff]],
  compareAndSwap: [[0x88a0_7c00, 0x405f_83ff]],
  atomicMemory: [
    [0xb820_0000, 0x40df_33ff],
    [0xb820_8000, 0x40df_03ff],
  ],
  branch: [[0x1400_0000, 0x83ff_ffff]],
  branchConditional: [[0x5400_0000, 0x00ff_ffef]],
  compareAndBranch: [[0x3400_0000, 0x81ff_ffff]],
  branchRegister: [[0xd61f_0000, 0x0060_03e0]],
  hint: [[0xd503_201f, 0x0000_0fe0]],
  barrier: [[0xd503_301f, 0x0000_0fe0]],
  readSystem: [
    [0xd538_d080, 0x1f],
    [0xd53c_d040, 0x1f],
    [0xd538_4100, 0x1f],
  ],
  exception: [
    [0xd420_0000, 0x1f_ffe0],
    [0xd400_0002, 0x1f_ffe1],
  ],
};

/** Registers are often 31 and fields often all zeros or all ones, where the aliases live. */
const edgy = fc
  .tuple(fc.integer(), fc.constantFrom(0, 0x1f, 0x3e0, 0x3ff, 0x1f_0000, 0x7c00, 0xfc00, 0x3f_fc00, 0xff_ffe0, -1))
  .chain(([bits, mask]) => fc.constantFrom(bits, bits | mask, bits & ~mask));

describe.each(Object.entries(CLASSES))("%s", (kind, forms) => {
  test("reads as Capstone has it", () => {
    let known = 0;
    assertLaw(
      fc.property(fc.constantFrom(...forms), edgy, ([fixed, free], bits) => {
        const word = (fixed | (bits & free)) >>> 0;
        agree(word);
        if (decode(word)?.kind === kind) known++;
      }),
      { seed: 64, numRuns: 8000 },
    );
    expect(known).toBeGreaterThan(1000);
  });
});

test("random words that we know read as Capstone has them", () => {
  let known = 0;
  assertLaw(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (word) => {
      agree(word);
      if (decode(word) !== undefined) known++;
    }),
    { seed: 6412, numRuns: 300_000 },
  );
  expect(known).toBeGreaterThan(40_000);
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
    fc.property(fc.constantFrom(...Object.values(CLASSES).flat()), fc.integer(), ([fixed, free], bits) => {
      const word = (fixed | (bits & free)) >>> 0;
      const why = explain(word);
      if (why !== undefined && why !== "not modelled" && disassemble(word, 0n) !== undefined) refused.add(why);
    }),
    { seed: 65, numRuns: 100_000 },
  );
  expect([...refused].sort()).toEqual([
    "constrained unpredictable: status register equals base register",
    "constrained unpredictable: status register equals data register",
  ]);
});
