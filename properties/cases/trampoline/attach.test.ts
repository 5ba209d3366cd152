// Attach, call, detach, call again: whatever is attached to whatever, the caller, the function and the programs see what
// they must, and afterwards nothing is left of it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { pointer } from "../../../machine/address.js";
import { traced } from "../../../spec/trampoline/traced.js";
import { defaultSubject } from "../../../subjects/index.js";
import { PROFILES, type Subject } from "../../../subjects/subject.js";
import type { TrampolineSetup } from "../../../subjects/trampoline/setup.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";
import { assertLaw } from "../../../testing/law.js";
import { setup } from "./arbitrary.js";
import { called, checkRecordAt, checkSetup } from "./check.js";

test("a trampoline does what the list of steps says", () => {
  assertLaw(
    fc.property(setup, (value) => {
      expect(checkSetup(value, defaultSubject)).toEqual({ kind: "agree" });
    }),
    { seed: 20_240_124, numRuns: 300 },
  );
});

test("as Linux does it, too, as long as no other CPU calls in between", () => {
  const undisturbed = setup.map((value) => ({ ...value, moment: undefined }));
  assertLaw(
    fc.property(undisturbed, (value) => {
      expect(checkSetup(value, defaultSubject, PROFILES["linux-6.12"])).toEqual({ kind: "agree" });
    }),
    { seed: 7, numRuns: 60 },
  );
});

test("where each trampoline has pages of its own, too", () => {
  const inPages: Subject = {
    ...defaultSubject,
    fixed: { pageBytes: 4096, images: "pages", packBytes: 2 << 20 },
  };
  assertLaw(
    fc.property(setup, (value) => {
      expect(checkSetup(value, inPages)).toEqual({ kind: "agree" });
      expect(checkRecordAt(0xffff_a000_0000_0040n, value, inPages)).toEqual({ kind: "agree" });
    }),
    { seed: 11, numRuns: 60 },
  );
});

test("a disagreement names the step and both sides", () => {
  const [value] = fc.sample(setup, { seed: 3, numRuns: 1 });
  const tracedKernel = new TracedKernel({ ...value!, target: "near", args: [], original: 5n }, defaultSubject);
  const wrong = { steps: [{ kind: "original" as const, args: [1n] }], result: 5n };
  expect([...called("before", tracedKernel.run(), wrong)]).toEqual([
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
  assertLaw(
    fc.property(anywhere, ([record, drawn]) => {
      expect(checkRecordAt(record, drawn, defaultSubject)).toEqual({ kind: "agree" });
    }),
    { seed: 13, numRuns: 60 },
  );
});

test("a release while the original function runs passes over the programs behind it", () => {
  const withFexit = setup
    .filter(({ fexit, target }) => fexit.length > 0 && target !== "structOps")
    .map((value): TrampolineSetup => ({ ...value, target: "near" }));
  let releases = 0;
  assertLaw(
    fc.property(withFexit, (value) => {
      const tracedKernel = new TracedKernel(value, defaultSubject);
      const { tramp, target, call, kernel } = tracedKernel;
      const made = tramp.bpfTrampImageMake(tracedKernel.request);
      if (!made.ok) throw new Error(`${made.error}`);
      const { im } = made;
      expect(tracedKernel.poke(undefined, im.image).error).toBe(0);
      let released = false;
      const release = (): void => {
        expect(tracedKernel.poke(im.image, undefined).error).toBe(0);
        tramp.bpfTrampImagePut(im);
        released = true;
      };
      const result = tracedKernel.run(target, 0, release);
      expect([
        ...called("released", result, traced(tracedKernel.attachment(pointer(im.record), { released: true }), call)),
      ]).toEqual([]);
      releases += released ? 1 : 0;
      // A program has decided, and the function has not been called.
      if (!released) release();
      expect([...called("detached", tracedKernel.run(), traced(undefined, call))]).toEqual([]);
      tramp.bpfTrampImageFree(im);
      tracedKernel.end();
      expect(kernel.modmem.current).toBe(0);
    }),
    { seed: 11, numRuns: 60 },
  );
  expect(releases).toBeGreaterThan(20);
});
