// Attach, call, detach, call again: whatever is attached to whatever, the caller, the function and the programs see what
// they must, and afterwards nothing is left of it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PROFILES } from "../../impl/quirks.js";
import { bpfArchTextPoke } from "../../impl/trampoline/arch-text-poke.js";
import {
  bpfTrampImageFree,
  bpfTrampImageMake,
  bpfTrampImagePut,
  type TrampImage,
} from "../../impl/trampoline/tramp-image.js";
import { type Traced, traced } from "../../spec/trampoline/traced.js";
import { playScenario, playWithRecordAt } from "./play.js";
import { scenario } from "./scenario.js";
import { TracedWorld } from "./world.js";

function make(world: TracedWorld): TrampImage {
  const made = bpfTrampImageMake(world.tramp, world.request);
  if (!made.ok) throw new Error(`no trampoline: ${made.error}`);
  return made.im;
}

/** The steps, and the result if anybody looks at it. */
function expectCall(actual: Traced | string, expected: Traced): void {
  if (typeof actual === "string") throw new Error(actual);
  expect(actual.steps).toEqual(expected.steps);
  if (expected.result !== undefined) expect(actual.result).toBe(expected.result);
}

test("nobody can tell a trampoline from the list of steps", () => {
  fc.assert(
    fc.property(scenario, (value) => playScenario(value)),
    { seed: 20_240_124, numRuns: 300 },
  );
});

test("as Linux does it, too, as long as nobody looks in between", () => {
  fc.assert(
    fc.property(scenario, (value) => playScenario({ ...value, moment: 1000 }, PROFILES["linux-6.12"])),
    { seed: 7, numRuns: 60 },
  );
});

test("the record of a trampoline may lie anywhere", () => {
  const anywhere = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), scenario);
  fc.assert(
    fc.property(anywhere, ([record, drawn]) => playWithRecordAt(record, drawn)),
    { seed: 13, numRuns: 60 },
  );
});

describe("a release while the original function runs", () => {
  test("passes over the programs behind it", () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const value = { ...drawn, target: "near" as const, fexit: drawn.fexit.length > 0 ? drawn.fexit : drawn.fentry };
        fc.pre(value.fexit.length > 0);
        const world = new TracedWorld(value);
        const { tramp, target, call } = world;
        const im = make(world);
        expect(bpfArchTextPoke(tramp, target, "call", undefined, im.image)).toBe(0);
        let released = false;
        const release = (): void => {
          expect(bpfArchTextPoke(tramp, target, "call", im.image, undefined)).toBe(0);
          bpfTrampImagePut(tramp, im);
          released = true;
        };
        const result = world.run(target, 0, release);
        // A program has decided, and the function has not been called.
        if (!released) release();
        expectCall(result, traced(world.attachment(im.record, true), call));
        expectCall(world.run(), traced(undefined, call));
        bpfTrampImageFree(tramp, im);
        world.end();
        expect(world.kernel.modmem.current).toBe(0);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
});
