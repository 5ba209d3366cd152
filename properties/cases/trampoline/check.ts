// One case, start to end: call the function, attach, call, detach, call, free, call. Each call must make the steps of
// spec/trampoline, and nothing may be left in the end.

import type { Engine } from "../../../engines/engine.js";
import { DecodeCache } from "../../../engines/reference/decode-cache.js";
import { pointer, type RoAddr } from "../../../machine/address.js";
import { KernelFault } from "../../../machine/fault.js";
import { isBeyondBranch } from "../../../spec/a64/address.js";
import { hex64, hexWord, u64 } from "../../../spec/bits.js";
import { ILLEGAL } from "../../../spec/text/text.js";
import { type Traced, traced } from "../../../spec/trampoline/traced.js";
import { PROFILES, type Quirks, type Subject, type TrampImage } from "../../../subjects/subject.js";
import { passOverEach } from "../../../subjects/trampoline/pass-over.js";
import { isKeptOut } from "../../../subjects/trampoline/poke.js";
import { passed, type TrampolineSetup } from "../../../subjects/trampoline/setup.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";
import { isSameData } from "../../same-data.js";
import { AGREE, type Disagreement, type Verdict } from "../../verdict.js";
import type { TrampolineCase } from "./case.js";

const EFAULT = 14;
const DECODED = new DecodeCache();

export const checkTrampolineCase = ({ setup, record }: TrampolineCase, subject: Subject, engine?: Engine): Verdict =>
  record === undefined
    ? checkSetup(setup, subject, PROFILES.fixed, engine)
    : checkRecordAt(record, setup, subject, engine);

/** On a machine of its own; the first disagreement ends it. */
export function checkSetup(setup: TrampolineSetup, subject: Subject, quirks?: Quirks, engine?: Engine): Verdict {
  try {
    const tracedKernel = new TracedKernel(setup, subject, quirks, engine);
    for (const disagreement of eachStep(tracedKernel, subject.known)) return disagreement;
    return AGREE;
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return objection("the kernel", "no fault", error.message);
  }
}

function* eachStep(tracedKernel: TracedKernel, known: Subject["known"]): Generator<Disagreement> {
  const { machine, kernel, tramp, setup } = tracedKernel;
  const before = machine.usage;
  const made = tramp.bpfTrampImageMake(tracedKernel.request);
  if (!made.ok) {
    yield objection("the trampoline", "an image", `error ${made.error}`);
    return;
  }
  yield* setup.target === "structOps"
    ? callsMember(tracedKernel, made.im, known)
    : attachesAndDetaches(tracedKernel, made.im, known);
  passOverEach(tramp, made.im);
  tramp.bpfTrampImagePut(made.im);
  tramp.bpfTrampImageFree(made.im);
  yield* freed(tracedKernel, made.im);
  yield* equal("memory in use, the trampoline freed", before, machine.usage);
  if (setup.target !== "structOps") yield* called("freed", tracedKernel.run(), traced(undefined, tracedKernel.call));
  tracedKernel.end();
  yield* equal("JITed bytes charged, all freed", 0, kernel.modmem.current);
  yield* equal("areas and heap objects, all freed", [0, 0], [machine.usage.areas, machine.usage.heapObjects]);
  yield* equal("translations that no longer hold", [], machine.staleTranslations);
  yield* equal("warnings", [], kernel.warnings);
}

function* callsMember(tracedKernel: TracedKernel, im: TrampImage, known: Subject["known"]): Generator<Disagreement> {
  const got = tracedKernel.run(im.image);
  const expected = traced(tracedKernel.attachment(pointer(im.record)), tracedKernel.call);
  // Where the defect is known, what the program is told of the stack is no news. All else is compared.
  const told = known?.has("memberArguments") === true ? passed(tracedKernel.setup.args).registers : undefined;
  yield* called("struct_ops", typeof got === "string" ? got : toldOnly(got, told), toldOnly(expected, told));
}

/** Programs are told so many words of arguments, and those behind them are left out. */
function toldOnly({ steps, result }: Traced, words: number | undefined): Traced {
  const told = steps.map((step) => {
    if (step.kind !== "run" || words === undefined) return step;
    const { args, ...others } = step;
    return { args: args.slice(0, words), ...others };
  });
  return { steps: told, result };
}

function* attachesAndDetaches(
  tracedKernel: TracedKernel,
  im: TrampImage,
  known: Subject["known"],
): Generator<Disagreement> {
  const { machine, tramp, target, call, site } = tracedKernel;
  const plain = traced(undefined, call);
  const attached = traced(tracedKernel.attachment(pointer(im.record)), call);
  yield* called("before", tracedKernel.run(), plain);
  yield* formed(tracedKernel, im);
  yield* refusesWrongOld(tracedKernel, im);
  const run = tramp.symbols.lookup(im.image)!.bytes;
  yield* equal("the image as another CPU may fetch it", undefined, machine.fetch(1, im.image, run));
  yield* poked("attaching", tracedKernel, undefined, im.image, [plain, attached], known);
  yield* equal("the patch site as this CPU may fetch it", undefined, machine.fetch(0, site, 4));
  yield* called("attached", tracedKernel.run(), attached);
  yield* equal("a poke of what is there already", 0, tramp.bpfArchTextPoke(target, "call", im.image, im.image));
  const next = tramp.bpfTrampImageMake(tracedKernel.exchanged);
  if (!next.ok) {
    yield objection("the second trampoline", "an image", `error ${next.error}`);
    return;
  }
  const exchanged = traced(tracedKernel.attachment(pointer(next.im.record), { exchanged: true }), call);
  yield* poked("exchanging", tracedKernel, im.image, next.im.image, [attached, exchanged], known);
  yield* called("exchanged", tracedKernel.run(), exchanged);
  yield* poked("detaching", tracedKernel, next.im.image, undefined, [plain, exchanged], known);
  yield* called("detached", tracedKernel.run(), plain);
  tramp.bpfTrampImagePut(next.im);
  tramp.bpfTrampImageFree(next.im);
  const { start, bytes } = tramp.symbols.lookup(target)!;
  yield* equal(
    "the address behind the code",
    hex64(pointer(tramp.env.dummyTramp)),
    hex64(machine.peek64(start + bytes)),
  );
}

/** Every word is an instruction, and behind the first illegal one nothing else follows. */
function* formed({ machine }: TracedKernel, { image, size }: TrampImage): Generator<Disagreement> {
  let ended = false;
  for (let at = 0; at < size; at += 4) {
    const word = machine.peek32(image + at);
    ended ||= word === ILLEGAL;
    if (ended ? word === ILLEGAL : DECODED.decode(word) !== undefined) continue;
    yield objection(`the image, byte ${at}`, ended ? "the illegal instruction" : "an instruction", hexWord(word));
  }
}

/** A poke that expects another word fails and leaves the patch site as it is. */
function* refusesWrongOld({ tramp, target, machine, site }: TracedKernel, im: TrampImage): Generator<Disagreement> {
  const before = machine.peek32(site);
  yield* equal("a poke of what is not there", -EFAULT, tramp.bpfArchTextPoke(target, "call", im.image, undefined));
  // Out of reach both branches go to the literal: then they are one word, and there is nothing to poke.
  if (!isBeyondBranch(site, im.image)) {
    const other = (im.image + 64) as RoAddr;
    yield* equal("a poke of another trampoline", -EFAULT, tramp.bpfArchTextPoke(target, "call", other, im.image));
  }
  yield* equal("the patch site after it", before, machine.peek32(site));
}

/** Poke, while another CPU runs through the site: it sees one state or the other. */
function* poked(
  what: string,
  tracedKernel: TracedKernel,
  from: RoAddr | undefined,
  to: RoAddr | undefined,
  states: readonly Traced[],
  known: Subject["known"],
): Generator<Disagreement> {
  const { moment } = tracedKernel.setup;
  const isMoment = moment === undefined ? undefined : (event: number): boolean => event === moment;
  const { error, seen, isTorn } = tracedKernel.poke(from, to, isMoment);
  const isKnown = knownWhilePoked(tracedKernel, from, to, known);
  yield* equal(what, 0, error);
  if (isTorn) yield objection(`the address behind the code, while ${what}`, "one store", "it is stored in parts");
  for (const other of seen) {
    if (states.some((state) => isSame(other, state)) || isKnown(other)) continue;
    yield objection(`another CPU, while ${what}`, "the old or the new state", printed(other));
  }
}

/** What known defects let another CPU see: that it is kept out of the page, or that nothing is attached for a moment. */
function knownWhilePoked(
  tracedKernel: TracedKernel,
  from: RoAddr | undefined,
  to: RoAddr | undefined,
  known: Subject["known"],
): (seen: Traced | string) => boolean {
  const { site, call } = tracedKernel;
  const isFar = (image: RoAddr | undefined): boolean => image !== undefined && isBeyondBranch(site, image);
  const isReset = known?.has("pltResetFirst") === true && isFar(from) && !isFar(to);
  const plain = traced(undefined, call);
  return (seen) =>
    (known?.has("pltPageWritable") === true && isKeptOut(seen, tracedKernel)) || (isReset && isSame(seen, plain));
}

/** With a trampoline whose record lies at any address of 64 bits, as heaps of other machines would give it. */
export function checkRecordAt(record: bigint, setup: TrampolineSetup, subject: Subject, engine?: Engine): Verdict {
  const tracedKernel = new TracedKernel({ ...setup, target: "near" }, subject, PROFILES.fixed, engine);
  const { tramp, request, target, call } = tracedKernel;
  const size = tramp.archBpfTrampolineSize(request);
  if (!size.ok) return objection("the trampoline", "a size", `error ${size.error}`);
  const image = tramp.archAllocBpfTrampoline(size.bytes)!;
  const im = { high: Number(record >> 32n), low: Number(record & 0xffff_ffffn) };
  const built = tramp.archPrepareBpfTrampoline(im, image, (image + size.bytes) as RoAddr, request);
  const isProtected = built.ok ? tramp.archProtectBpfTrampoline(image, size.bytes) : built.error;
  const error = isProtected === 0 ? tramp.bpfArchTextPoke(target, "call", undefined, image) : isProtected;
  if (error !== 0) return objection("attaching", "0", `error ${error}`);
  const expected = traced(tracedKernel.attachment(u64(record)), call);
  for (const found of called("attached", tracedKernel.run(), expected)) return found;
  return AGREE;
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
  typeof got === "object" && isSameData(got.steps, steps) && (result === undefined || got.result === result);

function* freed({ machine }: TracedKernel, { image, size }: TrampImage): Generator<Disagreement> {
  if (machine.mapping(image) === undefined) return;
  for (let at = 0; at < size; at += 4) {
    const word = machine.peek32(image + at);
    if (word !== ILLEGAL) yield objection(`freed memory, byte ${at}`, hexWord(ILLEGAL), hexWord(word));
  }
}

function* equal(where: string, expected: unknown, got: unknown): Generator<Disagreement> {
  if (!isSameData(got, expected)) yield objection(where, printed(expected), printed(got));
}

/** Of what attached programs see and answer. */
export const TRAMPOLINE_ORACLE = "trampoline";
const objection = (where: string, expected: string, got: string): Disagreement => ({
  ...{ kind: "disagree", oracle: TRAMPOLINE_ORACLE, reason: "objects", where, expected, got },
});

/** One line; 64-bit numbers in hex. */
const printed = (value: unknown): string =>
  typeof value === "string"
    ? value
    : (JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? hex64(v) : v)) ?? "nothing");
