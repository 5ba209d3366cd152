// Attach, call, detach, call again: whatever is attached to whatever, the caller, the function and the programs see what
// they must, and afterwards nothing is left of it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { PROFILES } from "../../../impl/quirks.js";
import { bpfArchTextPoke } from "../../../impl/trampoline/arch-text-poke.js";
import { bpfTrampImageFree, bpfTrampImageMake, bpfTrampImagePut } from "../../../impl/trampoline/tramp-image.js";
import { traced } from "../../../spec/trampoline/traced.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";
import { checkRecordAt } from "./any-record.js";
import { setup, type TrampolineSetup } from "./arbitrary.js";
import { called, checkSetup } from "./check.js";

test("nobody can tell a trampoline from the list of steps", () => {
  fc.assert(
    fc.property(setup, (value) => {
      expect(checkSetup(value)).toEqual({ kind: "agree" });
    }),
    { seed: 20_240_124, numRuns: 300 },
  );
});

test("as Linux does it, too, as long as nobody looks in between", () => {
  const undisturbed = setup.map((value) => ({ ...value, moment: 1000 }));
  fc.assert(
    fc.property(undisturbed, (value) => {
      expect(checkSetup(value, PROFILES["linux-6.12"])).toEqual({ kind: "agree" });
    }),
    { seed: 7, numRuns: 60 },
  );
});

test("a disagreement names the step and both sides", () => {
  const [value] = fc.sample(setup, { seed: 3, numRuns: 1 });
  const world = new TracedKernel({ ...value!, target: "near", args: [], original: 5n });
  const wrong = { steps: [{ kind: "original" as const, args: [1n] }], result: 5n };
  expect([...called("before", world.run(), wrong)]).toEqual([
    {
      kind: "disagree",
      oracle: "trampoline",
      reason: "objects",
      where: "before, step 1",
      expected: '{"kind":"original","args":["0x0000000000000001"]}',
      got: '{"kind":"original","args":[]}',
    },
  ]);
});

test("the record of a trampoline may lie anywhere", () => {
  const anywhere = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), setup);
  fc.assert(
    fc.property(anywhere, ([record, drawn]) => {
      expect(checkRecordAt(record, drawn)).toEqual({ kind: "agree" });
    }),
    { seed: 13, numRuns: 60 },
  );
});

test("a release while the original function runs passes over the programs behind it", () => {
  const withFexit = setup
    .filter(({ fexit, target }) => fexit.length > 0 && target !== "structOps")
    .map((value): TrampolineSetup => ({ ...value, target: "near" }));
  let releases = 0;
  fc.assert(
    fc.property(withFexit, (value) => {
      const world = new TracedKernel(value);
      const { tramp, target, call, kernel } = world;
      const made = bpfTrampImageMake(tramp, world.request);
      if (!made.ok) throw new Error(`${made.error}`);
      const { im } = made;
      expect(bpfArchTextPoke(tramp, target, "call", undefined, im.image)).toBe(0);
      let released = false;
      const release = (): void => {
        expect(bpfArchTextPoke(tramp, target, "call", im.image, undefined)).toBe(0);
        bpfTrampImagePut(tramp, im);
        released = true;
      };
      const result = world.run(target, 0, release);
      expect([...called("released", result, traced(world.attachment(im.record, true), call))]).toEqual([]);
      releases += released ? 1 : 0;
      // A program has decided, and the function has not been called.
      if (!released) release();
      expect([...called("detached", world.run(), traced(undefined, call))]).toEqual([]);
      bpfTrampImageFree(tramp, im);
      world.end();
      expect(kernel.modmem.current).toBe(0);
    }),
    { seed: 11, numRuns: 60 },
  );
  expect(releases).toBeGreaterThan(20);
});
