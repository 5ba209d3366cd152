// Plays one scenario: attach, call, detach, call again. Whatever is attached to whatever, the caller, the function and the
// programs see what they must, and afterwards nothing is left of it. Throws an AssertionError at the first breach.

import assert from "node:assert/strict";
import { EFAULT } from "../../impl/errno.js";
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
import { decode } from "../../spec/a64/decode.js";
import { u64 } from "../../spec/bits.js";
import { type Traced, traced } from "../../spec/trampoline/traced.js";
import { word } from "./journal.js";
import { DUMMY_TRAMP } from "./layout.js";
import type { Scenario } from "./scenario.js";
import { TracedWorld } from "./world.js";

export function playScenario(scenario: Scenario, quirks = PROFILES.fixed): void {
  const world = new TracedWorld(scenario, quirks);
  const { machine, kernel } = world;
  const before = machine.usage;
  if (scenario.target === "structOps") playStructOps(world);
  else playTraced(world);
  assert.deepEqual(machine.usage, before, "memory in use");
  world.end();
  assert.deepEqual([machine.usage.areas, machine.usage.heapObjects, kernel.modmem.current], [0, 0, 0], "left behind");
  assert.deepEqual([machine.staleTranslations, kernel.warnings], [[], []]);
}

/** The same function with the trampoline's record at any address of 64 bits. */
export function playWithRecordAt(record: bigint, scenario: Scenario): void {
  const world = new TracedWorld({ ...scenario, target: "near" });
  const { machine, tramp, request, target, call } = world;
  const size = archBpfTrampolineSize(tramp.env, request);
  assert(size.ok, "no size");
  const image = archAllocBpfTrampoline(tramp.packs, size.bytes)!;
  const end = (image + size.bytes) as RoAddr;
  const im = { high: Number(record >> 32n), low: Number(record & 0xffff_ffffn) };
  const places = { ipAfterCall: undefined, ipEpilogue: undefined };
  const built = archPrepareBpfTrampoline(machine, tramp.env, im, places, image, end, request);
  assert(built.ok && built.bytes <= size.bytes, "not built");
  assert.equal(bpfArchTextPoke(tramp, target, "call", undefined, image), 0);
  expectCall(world.run(), traced({ ...world.attachment(0), record: u64(record) }, call));
}

function playTraced(world: TracedWorld): void {
  const { machine, tramp, target, call } = world;
  const plain = traced(undefined, call);
  expectCall(world.run(), plain);
  const im = make(world);
  const attached = traced(world.attachment(im.record), call);
  assert.equal(machine.fetch(1, im.image, im.size), undefined, "the trampoline cannot be fetched");
  refusesWrongOld(world, im);
  poke(world, undefined, im.image, [plain, attached]);
  assert.equal(machine.fetch(0, world.site, 4), undefined, "the patch site cannot be fetched");
  expectCall(world.run(), attached);
  poke(world, im.image, undefined, [plain, attached]);
  expectCall(world.run(), plain);
  bpfTrampImagePut(tramp, im);
  bpfTrampImageFree(tramp, im);
  expectFreed(world, im);
  if (world.scenario.target === "far") {
    const { bytes } = tramp.symbols.lookup(target)!;
    assert.equal(word(machine, target + bytes), pointer(DUMMY_TRAMP), "the address behind the code");
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

/** Every word is an instruction of ours or the illegal one, and what lies behind the code is the latter. */
function make({ machine, tramp, request }: TracedWorld): TrampImage {
  const made = bpfTrampImageMake(tramp, request);
  assert(made.ok, "no trampoline");
  const { image, size } = made.im;
  let ended = false;
  for (let at = 0; at < size; at += 4) {
    const isIllegal = machine.peek32(image + at) === AARCH64_BREAK_FAULT;
    ended ||= isIllegal;
    const wellFormed = isIllegal || (!ended && decode(machine.peek32(image + at)) !== undefined);
    assert(wellFormed, `word ${at / 4} of the trampoline is neither code nor the illegal instruction`);
  }
  return made.im;
}

/** A poke that expects what is not there fails and changes nothing. */
function refusesWrongOld({ tramp, target, machine, site }: TracedWorld, { image }: TrampImage): void {
  const before = machine.peek32(site);
  assert.equal(bpfArchTextPoke(tramp, target, "call", image, undefined), -EFAULT, "a poke of what is not there");
  assert.equal(machine.peek32(site), before, "the patch site");
}

/** The steps, and the result if anybody looks at it. */
function expectCall(actual: Traced | string, expected: Traced): void {
  if (typeof actual === "string") assert.fail(actual);
  assert.deepEqual(actual.steps, expected.steps, "the steps of a call");
  if (expected.result !== undefined) assert.equal(actual.result, expected.result, "the result of a call");
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
  assert.equal(bpfArchTextPoke(tramp, target, "call", from, to), 0, "a poke");
  machine.onEvent = undefined;
  if (seen !== undefined)
    assert(
      states.some((state) => isLike(seen, state)),
      "another CPU sees neither state",
    );
}

function isLike(actual: unknown, expected: Traced): boolean {
  try {
    assert.deepEqual(actual, expected);
    return true;
  } catch {
    return false;
  }
}

function expectFreed({ machine }: TracedWorld, { image, size }: TrampImage): void {
  if (machine.mapping(image) === undefined) return;
  for (let at = 0; at < size; at += 4) assert.equal(machine.peek32(image + at), AARCH64_BREAK_FAULT, "freed text");
}
