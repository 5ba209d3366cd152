// Every oracle of code, asked about a load after which something in memory has been changed.

import { expect, test } from "vitest";
import { NOP } from "../../../spec/a64/hints.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import type { Step } from "../../../subjects/step.js";
import { breaches, changeWords, IMAGE, LOAD, type Sabotage, word } from "../../../testing/sabotage.js";
import { CODE_ORACLES } from "./index.js";

/** Show the oracle the program as if it had been made of other instructions. */
const madeOf =
  (change: (insn: Insn) => Insn) =>
  (step: Step): Step => {
    if (step.result.kind !== "loaded") return step;
    const { live } = step.result;
    const functions = live.program.functions.map((view) => ({
      ...view,
      fn: { ...view.fn, insns: view.fn.insns.map(change) },
    }));
    return { ...step, result: { ...step.result, live: { ...live, program: { ...live.program, functions } } } };
  };

/** ldp xzr, x26, [sp], #16 */
const POP_COUNTER = 0xa8c1_6bff;
const CLEARBHB = 0xd503_22df;

const SABOTAGE: readonly Sabotage[] = [
  {
    name: "branches-land",
    actions: "load #0 (the program below)\n  r0 = 1\n  if r0 == 1 goto +1\n  r0 = 2\n  exit",
    // b.eq one word further
    after: changeWords(0xff00_001f, 0x5400_0000, (branch) => branch + 0x20),
    says: "function 0: slot 1 (jeq imm): word 9 branches to word 12, expected 11",
  },
  {
    name: "calls-reach",
    actions: "load #0 (r0 = 1 .., 5 insns, 1 subprogram)",
    after: changeWords(0xfc00_0000, 0x9400_0000, (bl) => bl + 1),
    says: "function 0: slot 1 (call local): calls 0x80008301008c, expected 0x800083010088",
  },
  {
    name: "long-jump",
    actions: LOAD,
    after: ({ machine, live }) => {
      const { image, codeBytes } = live.get(0)!.regions[0]!;
      machine.poke(image + codeBytes, word(NOP));
    },
    says: "function 0: the literal is 0x8000d503201f",
  },
  {
    name: "atomics-ordered",
    actions: "load #0 (the program below)\n  r2 = 1\n  r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)\n  r0 = 0\n  exit",
    // ldaddal without acquire
    after: changeWords(0xffe0_fc00, 0xf8e0_0000, (ldaddal) => ldaddal & ~0x0080_0000),
    says: "function 0: slot 1 (lock fetch add): is not both acquire and release",
  },
  {
    name: "exception-entries",
    actions: "load #0 (r0 = 1 .., 2 insns, 1 probe)",
    after: ({ machine, live }) => {
      const { table } = live.get(0)!.regions[0]!;
      machine.poke(table! + 4, word(machine.peek32(table! + 4) - 4));
    },
    says: "function 0: entry 0, slot 0: goes on at byte",
  },
  {
    name: "landing-pads",
    actions: LOAD,
    after: ({ machine }) => machine.poke(IMAGE + 4, word(0x9100_04e7)),
    says: "function 0: word 1, the patch site, is no NOP",
  },
  {
    name: "branch-history",
    // Saves a register, so that there is room for the counter one word earlier, and for a hint behind it.
    actions: "load #0 (the program below)\n  r6 = 1\n  r0 = 0\n  exit",
    after: ({ machine, live }) => {
      const { image, codeBytes } = live.get(0)!.regions[0]!;
      for (let at = image; at < image + codeBytes; at += 4) {
        if (machine.peek32(at) !== POP_COUNTER) continue;
        machine.poke(at - 4, word(POP_COUNTER));
        machine.poke(at, word(CLEARBHB));
      }
    },
    says: 'function 0: before it returns: expected "", got "hint #0x16"',
  },
  {
    name: "short-forms",
    actions: "load #0 (the program below)\n  r0 = 0x12345678\n  exit",
    alter: madeOf((insn) => ({ ...insn, imm: insn.imm & 0xff })),
    says: "function 0: slot 0 (mov imm): takes 2 words, 1 are enough",
  },
];

test.each(SABOTAGE.map((s) => ({ ...s, title: `${s.name}: ${s.says}` })))("$title", (sabotage) => {
  expect(breaches(sabotage, false)).toEqual([]);
  expect(breaches(sabotage, true)[0]).toContain(sabotage.says);
  // Once more: only what has passed is not judged again.
  expect(breaches(sabotage, true)[0]).toContain(sabotage.says);
});

test("every oracle of code is shown to fail", () => {
  expect(new Set(SABOTAGE.map(({ name }) => name))).toEqual(new Set(CODE_ORACLES.map(({ name }) => name)));
});
