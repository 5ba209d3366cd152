// Attach, call, detach, call again: whatever is attached to whatever, the caller, the function and the programs see what
// they must, and afterwards nothing is left of it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AARCH64_BREAK_FAULT } from "../../impl/patching/arch-text.js";
import { PROFILES } from "../../impl/quirks.js";
import { bpfArchTextPoke } from "../../impl/trampoline/arch-text-poke.js";
import {
  archAllocBpfTrampoline,
  archBpfTrampolineSize,
  archPrepareBpfTrampoline,
} from "../../impl/trampoline/arch-trampoline.js";
import {
  bpfTrampImageFree,
  bpfTrampImageMake,
  bpfTrampImagePut,
  type TrampImage,
} from "../../impl/trampoline/tramp-image.js";
import { pointer, type RoAddr } from "../../machine/address.js";
import { u64 } from "../../spec/bits.js";
import { type Traced, traced } from "../../spec/trampoline/traced.js";
import { word } from "./journal.js";
import { DUMMY_TRAMP } from "./layout.js";
import { type Scenario, scenario } from "./scenario.js";
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

/** Poke, while another CPU runs through the site: it sees the state before or the one behind. */
function poke(world: TracedWorld, from: RoAddr | undefined, to: RoAddr | undefined, states: readonly Traced[]): void {
  const { machine, tramp, target, scenario } = world;
  let left = scenario.moment;
  let seen: Traced | string | undefined;
  machine.onEvent = () => {
    if (left-- !== 0) return;
    machine.onEvent = undefined;
    seen = world.run(target, 1);
  };
  expect(bpfArchTextPoke(tramp, target, "call", from, to)).toBe(0);
  machine.onEvent = undefined;
  if (seen !== undefined) expect(states).toContainEqual(seen);
}

function expectFreed({ machine }: TracedWorld, { image, size }: TrampImage): void {
  if (machine.mapping(image) === undefined) return;
  for (let at = 0; at < size; at += 4) expect(machine.peek32(image + at)).toBe(AARCH64_BREAK_FAULT);
}

function playTraced(world: TracedWorld): void {
  const { machine, tramp, target, call } = world;
  const plain = traced(undefined, call);
  expectCall(world.run(), plain);
  const im = make(world);
  const attached = traced(world.attachment(im.record), call);
  expect(machine.fetch(1, im.image, im.size)).toBeUndefined();
  poke(world, undefined, im.image, [plain, attached]);
  expect(machine.fetch(0, world.site, 4)).toBeUndefined();
  expectCall(world.run(), attached);
  poke(world, im.image, undefined, [plain, attached]);
  expectCall(world.run(), plain);
  bpfTrampImagePut(tramp, im);
  bpfTrampImageFree(tramp, im);
  expectFreed(world, im);
  if (world.scenario.target === "far") {
    const { bytes } = tramp.symbols.lookup(target)!;
    expect(word(machine, target + bytes)).toBe(pointer(DUMMY_TRAMP));
  }
  expectCall(world.run(), plain);
}

function playStructOps(world: TracedWorld): void {
  const im = make(world);
  expectCall(world.run(im.image), traced(world.attachment(im.record), world.call));
  bpfTrampImagePut(world.tramp, im);
  bpfTrampImageFree(world.tramp, im);
  expectFreed(world, im);
}

function play(value: Scenario, quirks = PROFILES.fixed): void {
  const world = new TracedWorld(value, quirks);
  const { machine, kernel } = world;
  const before = machine.usage;
  if (value.target === "structOps") playStructOps(world);
  else playTraced(world);
  expect(machine.usage).toEqual(before);
  world.end();
  expect([machine.usage.areas, machine.usage.heapObjects, kernel.modmem.current]).toEqual([0, 0, 0]);
  expect([machine.staleTranslations, kernel.warnings]).toEqual([[], []]);
}

test("nobody can tell a trampoline from the list of steps", () => {
  fc.assert(
    fc.property(scenario, (value) => play(value)),
    { seed: 20_240_124, numRuns: 300 },
  );
});

test("as Linux does it, too, as long as nobody looks in between", () => {
  fc.assert(
    fc.property(scenario, (value) => play({ ...value, moment: 1000 }, PROFILES["linux-6.12"])),
    { seed: 7, numRuns: 60 },
  );
});

test("the record of a trampoline may lie anywhere", () => {
  const anywhere = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), scenario);
  fc.assert(
    fc.property(anywhere, ([record, drawn]) => {
      const world = new TracedWorld({ ...drawn, target: "near" });
      const { machine, tramp, request, target, call } = world;
      const size = archBpfTrampolineSize(tramp.env, request);
      if (!size.ok) throw new Error(`${size.error}`);
      const image = archAllocBpfTrampoline(tramp.packs, size.bytes)!;
      const end = (image + size.bytes) as RoAddr;
      const im = { high: Number(record >> 32n), low: Number(record & 0xffff_ffffn) };
      const places = { ipAfterCall: undefined, ipEpilogue: undefined };
      const built = archPrepareBpfTrampoline(machine, tramp.env, im, places, image, end, request);
      expect(built).toMatchObject({ ok: true });
      expect(bpfArchTextPoke(tramp, target, "call", undefined, image)).toBe(0);
      expectCall(world.run(), traced({ ...world.attachment(0), record: u64(record) }, call));
    }),
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
        poke(world, undefined, im.image, [traced(undefined, call), traced(world.attachment(im.record), call)]);
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
