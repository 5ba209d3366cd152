// Every encoder of `impl/a64` says what it must, to two outside readers: our decoder, written from the architecture, gives
// back the operands, and Capstone reads the word as our decoder does.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisassembler } from "../../../../engines/capstone/disassembler.js";
import * as addSub from "../../../../impl/a64/add-sub.js";
import * as arithmetic from "../../../../impl/a64/arithmetic.js";
import * as atomic from "../../../../impl/a64/atomic.js";
import * as bitfield from "../../../../impl/a64/bitfield.js";
import * as bitmask from "../../../../impl/a64/bitmask.js";
import * as branch from "../../../../impl/a64/branch.js";
import * as access from "../../../../impl/a64/load-store.js";
import * as logical from "../../../../impl/a64/logical.js";
import * as moveWide from "../../../../impl/a64/move-wide.js";
import * as system from "../../../../impl/a64/system.js";
import { isRefusal } from "../../../../impl/a64/word.js";
import { decode } from "../../../../spec/a64/decode.js";
import { text } from "../../../../spec/a64/text.js";
import { Draw } from "../../../random/draw.js";
import { constant, mismatch, sweep } from "./form.js";
import { FORMS } from "./index.js";
import { patterns } from "./logical.js";

const disassemble = await openDisassembler();
/** Each position goes through its edges that often, with other operands beside it. */
const SWEEPS = 5;
const ADDRESS = 0xffff_0000_0000_0000n;

/** What encoders share, and names of operands. */
const NO_ENCODERS = new Set(["isAddSubImm", "isScaledOffset", "COND", "SYSREG"]);

test("there is a row for every encoder", () => {
  const modules = [addSub, arithmetic, atomic, bitfield, bitmask, branch, access, logical, moveWide, system];
  const exported = modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) =>
      typeof value === "function" || Number(value) >= 2 ** 28 ? [name] : [],
    ),
  );
  const rows = FORMS.map(({ name }) => name);
  expect(exported.filter((name) => !NO_ENCODERS.has(name) && !rows.includes(name))).toEqual([]);
  expect(new Set(rows).size).toBe(rows.length);
});

describe("says what it must", () => {
  test.each(FORMS.map((form) => [form.name, form] as const))("%s", (name, form) => {
    const [source] = fc.sample(fc.noShrink(fc.infiniteStream(fc.integer())), { numRuns: 1, seed: 1 });
    const draw = new Draw({ nextInt: () => source!.next().value as number });
    for (let i = 0; i < SWEEPS; i++) {
      for (const operands of sweep(form, draw)) {
        const wrong = mismatch(form, operands);
        if (wrong !== undefined) throw new Error(JSON.stringify(wrong));
        const encoded = form.encode(operands);
        if (name !== "bitmask" && !isRefusal(encoded)) agrees(encoded);
      }
    }
  });

  function agrees(word: number): void {
    const insn = decode(word);
    const ours = insn && text(insn, 0);
    const capstone = disassemble(word, ADDRESS);
    if (ours !== undefined && ours !== capstone) {
      throw new Error(`0x${word.toString(16)}: we say "${ours}", Capstone says "${capstone}"`);
    }
  }
});

describe("bitmask immediates", () => {
  test("there are 5334 patterns of 64 bits and 1302 of 32", () => {
    expect([patterns(1).size, patterns(0).size]).toEqual([5334, 1302]);
  });
  test("whatever differs from a pattern by one bit is refused unless it is one too", () => {
    const row = FORMS.find(({ name }) => name === "bitmask")!;
    for (const is64 of [1, 0] as const) {
      for (const value of patterns(is64).keys()) {
        for (let bit = 0n; bit < (is64 === 1 ? 64n : 32n); bit++) {
          const wrong = mismatch(row, [{ is64, value: value ^ (1n << bit) }]);
          if (wrong !== undefined) throw new Error(JSON.stringify(wrong));
        }
      }
    }
  });
});

test("a wrong word, a wrong refusal and a word in place of a refusal are seen", () => {
  const nop = { kind: "hint", imm7: 0 } as const;
  const wrong = (form: ReturnType<typeof constant>) => mismatch(form, [])?.got;
  expect(wrong(constant("NOP", system.NOP, nop))).toBeUndefined();
  expect(wrong(constant("NOP", system.ISB, nop))).toContain("isb");
  expect(wrong(constant("NOP", -1, nop))).toBe('"immediate"');
  expect(wrong(constant("NOP", -1, "shift"))).toBe('"immediate"');
  expect(wrong(constant("NOP", system.NOP, "shift"))).toContain("hint");
});
