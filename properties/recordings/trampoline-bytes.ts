// A subject's trampoline against a recorded one: the image to the end of its last chunk, where the two places lie that a
// release needs, the entry of the traced program after every attach and detach, and the released image.

import type { RoAddr, Va } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { hexWord } from "../../spec/bits.js";
import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { defaultSubject } from "../../subjects/index.js";
import {
  linuxEnv,
  type SubjectTrampolines,
  type TrampLinks,
  type TrampRequest,
  trampFlags,
} from "../../subjects/subject.js";
import type { RecordedState, RecordedTrampoline } from "./trampoline.js";
import { movedConstant, wordsOf } from "./words.js";

/** What is not as it was recorded. */
interface TrampolineDifference {
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}
interface ComparedTrampoline {
  /** Images, entries and places that were compared. */
  readonly compared: number;
  readonly differences: readonly TrampolineDifference[];
}

const PAGE_BYTES = 4096;

export function compareTrampoline(recorded: RecordedTrampoline, subject = defaultSubject): ComparedTrampoline {
  const built = build(recorded, recorded.image, recorded, recorded.im?.address ?? NO_RECORD, subject);
  if (typeof built === "string")
    return { compared: 1, differences: [{ where: "building it", expected: "an image", got: built }] };
  const checks = [
    // The chunks that were asked for may be more than those that the code takes: the rest was not recorded.
    difference("image", recorded.bytes, built.bytes.subarray(0, recorded.bytes.length)),
    ...places(recorded, built),
    ...entries(recorded, subject),
    ...released(recorded, subject),
  ];
  return { compared: checks.length, differences: checks.filter((one) => one !== undefined) };
}

const NO_RECORD = { high: 0, low: 0 };
type Attached = Pick<RecordedTrampoline, "fentry" | "fmodRet" | "fexit" | "ipArg">;

interface Built {
  readonly machine: Machine;
  readonly tramp: SubjectTrampolines;
  /** Bytes that were asked for. */
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly ipAfterCall: Va | undefined;
  readonly ipEpilogue: Va | undefined;
}

/** @returns why there is no such trampoline */
function build(
  recorded: RecordedTrampoline,
  image: RoAddr,
  { fentry, fmodRet, fexit, ipArg }: Attached,
  im: NonNullable<RecordedTrampoline["im"]>["address"],
  subject: typeof defaultSubject,
): Built | string {
  const { machine, tramp } = boot(recorded, subject);
  const { args, func } = recorded;
  const links: TrampLinks = { fentry, fmodRet, fexit, structOps: false };
  const request: TrampRequest = { args, func, links, flags: trampFlags(links, { ipArg }) };
  const size = tramp.archBpfTrampolineSize(request);
  if (!size.ok) return `error ${size.error} instead of a size`;
  const chunks = Math.ceil(size.bytes / CHUNK_BYTES) * CHUNK_BYTES;
  mapText(machine, image, chunks);
  machine.poke(image, new Uint8Array(Uint32Array.from({ length: chunks / 4 }, () => ILLEGAL).buffer));
  const prepared = tramp.archPrepareBpfTrampoline(im, image, (image + size.bytes) as RoAddr, request);
  if (!prepared.ok) return `error ${prepared.error} instead of code`;
  const { ipAfterCall, ipEpilogue } = prepared;
  const bytes = machine.peek(image, chunks).slice();
  return { machine, tramp, size: size.bytes, bytes, ipAfterCall, ipEpilogue };
}
const ILLEGAL = 0xd420_2000;

function boot({ kernel, env }: RecordedTrampoline, subject: typeof defaultSubject) {
  const machine = new Machine();
  const { dummyTramp, ...text } = env;
  const booted = subject.boot({ machine, env: { ...linuxEnv(kernel.version), dummyTramp }, random: () => 0 });
  return { machine, tramp: booted.trampolines(text) };
}

function mapText(machine: Machine, va: Va, bytes: number): void {
  const base = va - (va % PAGE_BYTES);
  machine.map(base, Math.ceil((va + bytes - base) / PAGE_BYTES) * PAGE_BYTES, "rox", true);
}

type Check = TrampolineDifference | undefined;

function places({ im }: RecordedTrampoline, built: Built): readonly Check[] {
  if (im?.fields === undefined) return [];
  const { size, ipAfterCall, ipEpilogue } = im.fields;
  return [
    same("size of the image", size, built.size),
    same("place behind the call of the function", ipAfterCall, built.ipAfterCall),
    same("place where a release goes on", ipEpilogue, built.ipEpilogue),
  ];
}

/** The entry of the traced program, step by step. Which trampoline a step attaches only the entry itself tells. */
function entries(recorded: RecordedTrampoline, subject: typeof defaultSubject): readonly Check[] {
  const [first, ...steps] = recorded.states;
  if (first === undefined) return [];
  const { machine, tramp } = boot(recorded, subject);
  const func = recorded.func as RoAddr;
  mapText(machine, func, first.text.length);
  machine.poke(func, first.text);
  tramp.symbols.add({ start: func, bytes: recorded.jitedLen });
  let current: RoAddr | undefined;
  const last = steps.findLastIndex(({ op }) => op === "attach");
  return steps.flatMap((step, i): readonly Check[] => {
    const wanted = step.op === "attach" ? attachedBy(step, func + 4 * tramp.pokeOffset, recorded.jitedLen) : undefined;
    const error = current === wanted ? 0 : tramp.bpfArchTextPoke(func, "call", current, wanted);
    current = wanted;
    const name = `entry after step ${i + 1}, ${step.op}`;
    const whole =
      error === 0 ? difference(name, step.text, machine.peek(func, step.text.length)) : same(name, 0, error);
    return i === last ? [whole, same(`trampoline of step ${i + 1}`, recorded.image, wanted)] : [whole];
  });
}

/** Where the entry leads: a call in reach, or over the jump behind the code to the address behind that. */
function attachedBy({ text }: RecordedState, site: Va, jitedLen: number): RoAddr | undefined {
  const word = wordsOf(text)[POKE_WORD] ?? 0;
  if (word >>> 26 !== BL) return undefined;
  const target = site + (((word & 0x3ff_ffff) << 6) >> 4);
  const start = site - 4 * POKE_WORD;
  if (target < start || target >= start + jitedLen) return target as RoAddr;
  const literal = new DataView(text.buffer, text.byteOffset).getBigUint64(jitedLen, true);
  return Number(literal & 0xffff_ffff_ffffn) as RoAddr;
}
/** Behind the copy of LR. */
const POKE_WORD = 1;
const BL = 0b100101;

/**
 * The last image, with the branch that a release puts behind the call of the function. Before it, all but one of what was
 * attached had gone, each with an image of its own; which of them was the last only the image tells, and where its record
 * lay.
 */
function released(recorded: RecordedTrampoline, subject: typeof defaultSubject): readonly Check[] {
  const { released, image } = recorded;
  if (released === undefined) return [];
  const candidates = released.image === image ? [recorded] : singles(recorded);
  const words = wordsOf(released.bytes);
  let closest: Check;
  for (const attached of candidates) {
    for (const im of records(words)) {
      const built = build(recorded, released.image, attached, im, subject);
      if (typeof built === "string") continue;
      const got = afterRelease(built, released.image).subarray(0, released.bytes.length);
      const check = difference("image after its release", released.bytes.subarray(0, got.length), got);
      if (check === undefined) return [undefined];
      closest ??= check;
    }
  }
  return [closest];
}

/** Each of what is attached alone; it need not be what asks for the function's address. */
const singles = ({ fentry, fmodRet, fexit, ipArg }: Attached): readonly Attached[] =>
  [
    ...fentry.map((one) => ({ ...NOTHING, fentry: [one] })),
    ...fmodRet.map((one) => ({ ...NOTHING, fmodRet: [one] })),
    ...fexit.map((one) => ({ ...NOTHING, fexit: [one] })),
  ].flatMap((one) => (ipArg ? [{ ...one, ipArg }, one] : [one]));
const NOTHING = { fentry: [], fmodRet: [], fexit: [], ipArg: false };

/** Addresses of a record: constants that go into x0. */
function records(words: Uint32Array): readonly { readonly high: number; readonly low: number }[] {
  for (let at = 0; at < words.length; at++) {
    const moved = movedConstant(words, at);
    if (moved?.register === 0) return [moved.value];
    if (moved !== undefined) at += moved.words - 1;
  }
  return [NO_RECORD];
}

function afterRelease({ machine, tramp, size, bytes, ipAfterCall, ipEpilogue }: Built, image: RoAddr): Uint8Array {
  if (ipAfterCall === undefined || ipEpilogue === undefined) return bytes;
  tramp.symbols.add({ start: image, bytes: size });
  tramp.bpfArchTextPoke(ipAfterCall as RoAddr, "jump", undefined, ipEpilogue as RoAddr);
  return machine.peek(image, bytes.length);
}

const hex = (value: number | undefined): string => (value === undefined ? "none" : `0x${value.toString(16)}`);
const same = (where: string, expected: number | undefined, got: number | undefined): Check =>
  expected === got ? undefined : { where, expected: hex(expected), got: hex(got) };

/** The first word that differs. */
function difference(where: string, expected: Uint8Array, got: Uint8Array): Check {
  const [want, have] = [wordsOf(expected), wordsOf(got)];
  for (let i = 0; i < Math.max(want.length, have.length); i++) {
    if (want[i] === have[i]) continue;
    const say = (word: number | undefined): string => (word === undefined ? "nothing" : hexWord(word));
    return { where: `${where} +0x${(4 * i).toString(16)}`, expected: say(want[i]), got: say(have[i]) };
  }
  return undefined;
}
