// The contract of engines, continued: what a run of a program switches on. Landing pads, and store-exclusives that fail for no
// reason; the same on every engine.

import { describe, expect, test } from "vitest";
import { available } from "../testing/required.js";
import { ENGINES } from "./index.js";
import { failsSpuriously } from "./spurious.js";
import { CODE, DATA, NOP, pointer, RET, subjects } from "./testing.js";

const usable = ENGINES.filter((engine) => available(engine.name, () => engine.unavailable()));

describe.each(subjects(usable))("%s", (_name, { run }) => {
  describe("landing pads", () => {
    const [BTI, BTI_C, BTI_J, BTI_JC, PACIASP] = [0xd503_241f, 0xd503_245f, 0xd503_249f, 0xd503_24df, 0xd503_233f];
    const AUTIASP = 0xd503_23bf;
    const PADS = [NOP, BTI, BTI_C, BTI_J, BTI_JC];
    /** Which may be what a program begins with. */
    const entered = (bti: boolean): readonly number[] =>
      PADS.filter((pad) => run([pad, RET], { bti }).kind === "returned");

    test("a program is entered as by a call", () => {
      expect(entered(true)).toEqual([BTI_C, BTI_JC]);
      expect(run([PACIASP, AUTIASP, RET], { bti: true })).toMatchObject({ kind: "returned", executed: 3 });
      expect(run([NOP, RET], { bti: true })).toMatchObject({
        kind: "faulted",
        why: "branchTarget",
        pc: CODE,
        executed: 0,
      });
      expect(entered(false)).toEqual(PADS);
    });
    test.each([
      ["br x10", 0xd61f_0140, [BTI_J, BTI_JC]],
      ["br x16", 0xd61f_0200, [BTI_C, BTI_J, BTI_JC]],
      ["blr x10", 0xd63f_0140, [BTI_C, BTI_JC]],
      ["ret x10", 0xd65f_0140, PADS],
    ])("%s", (_text, branch, expected) => {
      // bti c; mov x9, x30; adr x10, #16; mov x16, x10; branch; pad; ret x9
      const words = (pad: number) => [BTI_C, 0xaa1e_03e9, 0x1000_006a, 0xaa0a_03f0, branch, pad, 0xaa09_03fe, RET];
      const landed = PADS.filter((pad) => {
        const outcome = run(words(pad), { bti: true });
        if (outcome.kind === "faulted")
          expect(outcome).toMatchObject({ why: "branchTarget", pc: CODE + 20, executed: 5 });
        return outcome.kind === "returned";
      });
      expect(landed).toEqual(expected);
    });
  });

  test("store-exclusives fail for no reason by the rule of the seed", () => {
    // 100 times: ldxr x2, [x0]; stxr w3, x2, [x0]; add x4, x4, x3; then x0 = x4
    const loop = [
      0xd280_0004, 0xd280_0c85, 0xc85f_7c02, 0xc803_7c02, 0x8b03_0084, 0xd100_04a5, 0xb5ff_ff85, 0xaa04_03e0,
    ];
    const failures = (spuriousFailures?: number): unknown => {
      const outcome = run([...loop, RET], { args: [pointer(DATA)], spuriousFailures });
      return outcome.kind === "returned" ? Number(outcome.x0) : outcome;
    };
    const expected = (seed: number): number =>
      Array.from({ length: 100 }, (_, i) => failsSpuriously(seed, i)).filter(Boolean).length;
    expect(failures()).toBe(0);
    expect(expected(7)).toBeGreaterThan(0);
    for (const seed of [0, 7, 12345]) expect(failures(seed)).toBe(expected(seed));
  });

  test("a store-exclusive that faults is not counted", () => {
    // x0 is read-only: ldxr; stxr faults and goes on; then ldxr, stxr of x1, whose status is the result.
    const words = [0xc85f_7c02, 0xc803_7c02, 0xc85f_7c22, 0xc804_7c22, 0xaa04_03e0, RET];
    const seeds = Array.from({ length: 12 }, (_, seed) => seed).filter((seed) => !failsSpuriously(seed, 0));
    const swapped = seeds.filter((seed) => failsSpuriously(seed, 1));
    expect(swapped.length).toBeGreaterThan(0);
    for (const spuriousFailures of seeds) {
      const fixup = () => ({ resume: CODE + 8, clear: undefined });
      const args = [pointer(DATA + 8192), pointer(DATA)];
      expect(run(words, { args, fixup, spuriousFailures })).toMatchObject({ kind: "returned", x0: 0n });
    }
  });
});
