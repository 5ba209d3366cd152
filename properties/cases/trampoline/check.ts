// One setup, start to end: call the function, attach, call, detach, call, free, call. After each step: does everybody
// see what the list of steps says, and is nothing left in the end? A loop over scenarios is the caller's.

import { isDeepStrictEqual } from "node:util";
import { EFAULT } from "../../../impl/errno.js";
import { PROFILES, type Quirks } from "../../../impl/quirks.js";
import { bpfArchTextPoke } from "../../../impl/trampoline/arch-text-poke.js";
import { isLongJump } from "../../../impl/trampoline/branch.js";
import {
  bpfTrampImageFree,
  bpfTrampImageMake,
  bpfTrampImagePut,
  type TrampImage,
} from "../../../impl/trampoline/tramp-image.js";
import { pointer, type RoAddr } from "../../../machine/address.js";
import { KernelFault } from "../../../machine/fault.js";
import { decode } from "../../../spec/a64/decode.js";
import { hex64 } from "../../../spec/bits.js";
import { type Traced, traced } from "../../../spec/trampoline/traced.js";
import { word } from "../../../subjects/trampoline/journal.js";
import { DUMMY_TRAMP } from "../../../subjects/trampoline/layout.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";
import { AGREE, type Disagreement, type Verdict } from "../../verdict.js";
import type { TrampolineSetup } from "./arbitrary.js";

/** BRK #0x100. */
const ILLEGAL = 0xd420_2000;

/** Play it on a machine of its own; the first disagreement ends it. */
export function checkSetup(setup: TrampolineSetup, quirks: Quirks = PROFILES.fixed): Verdict {
  try {
    for (const disagreement of play(setup, quirks)) return disagreement;
    return AGREE;
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return objection("the kernel", "no fault", error.message);
  }
}

function* play(setup: TrampolineSetup, quirks: Quirks): Generator<Disagreement> {
  const world = new TracedKernel(setup, quirks);
  const { machine, kernel, tramp } = world;
  const before = machine.usage;
  const made = bpfTrampImageMake(tramp, world.request);
  if (!made.ok) {
    yield objection("the trampoline", "an image", `error ${made.error}`);
    return;
  }
  yield* setup.target === "structOps" ? playStructOps(world, made.im) : playTraced(world, made.im);
  bpfTrampImagePut(tramp, made.im);
  bpfTrampImageFree(tramp, made.im);
  yield* freed(world, made.im);
  yield* equal("memory in use, the trampoline freed", before, machine.usage);
  if (setup.target !== "structOps") yield* called("freed", world.run(), traced(undefined, world.call));
  world.end();
  yield* equal("JITed bytes charged, all freed", 0, kernel.modmem.current);
  yield* equal("areas and heap objects, all freed", [0, 0], [machine.usage.areas, machine.usage.heapObjects]);
  yield* equal("translations that no longer hold", [], machine.staleTranslations);
  yield* equal("warnings", [], kernel.warnings);
}

function* playStructOps(world: TracedKernel, im: TrampImage): Generator<Disagreement> {
  yield* called("struct_ops", world.run(im.image), traced(world.attachment(im.record), world.call));
}

function* playTraced(world: TracedKernel, im: TrampImage): Generator<Disagreement> {
  const { machine, tramp, target, call, site } = world;
  const plain = traced(undefined, call);
  const attached = traced(world.attachment(im.record), call);
  yield* called("before", world.run(), plain);
  yield* formed(world, im);
  yield* refusesWrongOld(world, im);
  yield* equal("the image as another CPU may fetch it", undefined, machine.fetch(1, im.image, im.size));
  yield* poked("attaching", world, undefined, im.image, [plain, attached]);
  yield* equal("the patch site as this CPU may fetch it", undefined, machine.fetch(0, site, 4));
  yield* called("attached", world.run(), attached);
  yield* equal("a poke of what is there already", 0, bpfArchTextPoke(tramp, target, "call", im.image, im.image));
  yield* poked("detaching", world, im.image, undefined, [plain, attached]);
  yield* called("detached", world.run(), plain);
  const { start, bytes } = tramp.symbols.lookup(target)!;
  yield* equal("the address behind the code", hex64(pointer(DUMMY_TRAMP)), hex64(word(machine, start + bytes)));
}

/** Every word is an instruction, and behind the first illegal one nothing else follows. */
function* formed({ machine }: TracedKernel, { image, size }: TrampImage): Generator<Disagreement> {
  let ended = false;
  for (let at = 0; at < size; at += 4) {
    const word = machine.peek32(image + at);
    ended ||= word === ILLEGAL;
    if (ended ? word === ILLEGAL : decode(word) !== undefined) continue;
    yield objection(`the image, byte ${at}`, ended ? "the illegal instruction" : "an instruction", hex64(BigInt(word)));
  }
}

/** A poke that expects what is not there fails and leaves the patch site as it is, whatever should have come to be there. */
function* refusesWrongOld({ tramp, target, machine, site }: TracedKernel, im: TrampImage): Generator<Disagreement> {
  const before = machine.peek32(site);
  yield* equal("a poke of what is not there", -EFAULT, bpfArchTextPoke(tramp, target, "call", im.image, undefined));
  // Out of reach both branches go to the literal: then they are one word, and there is nothing to poke.
  if (!isLongJump(site, im.image)) {
    const other = (im.image + 64) as RoAddr;
    yield* equal("a poke of another trampoline", -EFAULT, bpfArchTextPoke(tramp, target, "call", other, im.image));
  }
  yield* equal("the patch site after it", before, machine.peek32(site));
}

/** Poke, while another CPU runs through the site: it sees one state or the other. */
function* poked(
  what: string,
  world: TracedKernel,
  from: RoAddr | undefined,
  to: RoAddr | undefined,
  states: readonly Traced[],
): Generator<Disagreement> {
  const { machine, tramp, target, setup } = world;
  let left = setup.moment;
  let seen: Traced | string | undefined;
  machine.onEvent = () => {
    if (left === undefined || left-- !== 0) return;
    machine.onEvent = undefined;
    seen = world.run(target, 1);
  };
  const error = bpfArchTextPoke(tramp, target, "call", from, to);
  machine.onEvent = undefined;
  yield* equal(what, 0, error);
  if (seen === undefined || states.some((state) => isSame(seen, state))) return;
  yield objection(`another CPU, while ${what}`, "the old or the new state", told(seen));
}

/** The steps, and the result if anybody looks at it. */
export function* called(what: string, got: Traced | string, expected: Traced): Generator<Disagreement> {
  if (isSame(got, expected)) return;
  if (typeof got === "string") {
    yield objection(what, "a return", got);
    return;
  }
  const steps = Math.max(got.steps.length, expected.steps.length);
  for (let i = 0; i < steps; i++) {
    yield* equal(`${what}, step ${i + 1}`, expected.steps[i], got.steps[i]);
  }
  yield* equal(`${what}, result`, expected.result, got.result);
}

const isSame = (got: Traced | string | undefined, { steps, result }: Traced): boolean =>
  typeof got === "object" && isDeepStrictEqual(got.steps, steps) && (result === undefined || got.result === result);

function* freed({ machine }: TracedKernel, { image, size }: TrampImage): Generator<Disagreement> {
  if (machine.mapping(image) === undefined) return;
  for (let at = 0; at < size; at += 4) {
    yield* equal(`freed memory, byte ${at}`, hex64(BigInt(ILLEGAL)), hex64(BigInt(machine.peek32(image + at))));
  }
}

function* equal(where: string, expected: unknown, got: unknown): Generator<Disagreement> {
  if (!isDeepStrictEqual(got, expected)) yield objection(where, told(expected), told(got));
}

/** Of what attached programs see and answer. */
export const TRAMPOLINE_ORACLE = "trampoline";
export const objection = (where: string, expected: string, got: string): Disagreement => ({
  ...{ kind: "disagree", oracle: TRAMPOLINE_ORACLE, reason: "objects", where, expected, got },
});

/** One line; 64-bit numbers in hex. */
const told = (value: unknown): string =>
  typeof value === "string"
    ? value
    : (JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? hex64(v) : v)) ?? "nothing");
