// How known defects of Linux show when they are in the subject: which oracle says what. A subject that is found to have some
// is judged past them, so that a new defect is not hidden behind an old one; what they are is named in every summary.

import type { FailingStep } from "../machine/event.js";
import { CHUNK_BYTES } from "../spec/pack/allocator.js";
import { bpfJitBlindConstants } from "../subjects/lowering.js";
import type { Scene, Step } from "../subjects/step.js";
import { QUIRKS, type QuirkId, type Subject } from "../subjects/subject.js";
import type { Oracle } from "./oracles/oracle.js";

export interface KnownDefect {
  readonly id: QuirkId;
  readonly title: string;
}

export const defectsOf = (known: ReadonlySet<QuirkId>): readonly KnownDefect[] =>
  QUIRKS.filter(({ id }) => known.has(id)).map(({ id, title }) => ({ id, title }));

interface Sign {
  readonly quirk: QuirkId;
  readonly oracle: string;
  /** Of the whole breach. */
  readonly what: RegExp;
  /** What comes after it means nothing: a history ends there. */
  readonly ends: boolean;
  /** Where the words alone do not tell it from another defect. */
  readonly explains?: (step: Step) => boolean;
}

/** Whether such a call was told to fail. Where events were not kept, nobody can say that it was not. */
const refused =
  (step: FailingStep) =>
  ({ events, isLogged }: Step): boolean =>
    !isLogged || events.some((event) => event.kind === "refused" && event.step === step);

/** Whether what a failed load leaves charged may be images that were not published. */
const keepsCharge = (step: Step): boolean => {
  const { result, before, after } = step;
  const kept = after.charge - before.charge;
  return (
    result.kind === "refused" && refused("poke")(step) && kept > 0 && kept <= (result.bytes ?? Number.POSITIVE_INFINITY)
  );
};

const INT_BYTES = 4;

/**
 * Whether all that a failed load has left on the heap are offset tables of functions that were compiled before the one that
 * failed, or between its rounds: an integer for each instruction and one more, at most one table for each other function; and
 * what may lie beside so many tables.
 */
const leavesTables =
  (beside: (bytes: readonly number[], tables: number, scene: Scene) => boolean) =>
  ({ events, isLogged, result, scene }: Step): boolean => {
    if (result.kind !== "refused") return false;
    // Nobody has counted.
    if (!isLogged) return true;
    const left = new Map<number, number>();
    for (const event of events) {
      if (event.kind === "alloc" && event.area === "kvmalloc") left.set(event.va, event.bytes);
      if (event.kind === "free" && event.area === "kvmalloc") left.delete(event.va);
    }
    const tables = result.functions.flatMap(({ fn: { insns } }) => {
      const blinded = bpfJitBlindConstants(insns, () => 0);
      return [insns.length, ...(blinded.ok ? [blinded.insns.length] : [])].map((slots) => INT_BYTES * (slots + 1));
    });
    const others = [...left.values()].filter((bytes) => !tables.includes(bytes));
    // What has the size of a table and of a chunk may be either.
    const either = [...left.values()].filter((bytes) => tables.includes(bytes) && bytes % CHUNK_BYTES === 0);
    const kept = left.size - others.length;
    return [0, ...either.map((_, i) => i + 1)].some((more) => {
      const count = kept - more;
      return count < result.functions.length && beside([...others, ...either.slice(0, more)], count, scene);
    });
  };

/** Before the packs, the record that has the table is left as well: all of one size. */
const areRecords = (bytes: readonly number[], tables: number, { images }: Scene): boolean =>
  bytes.length === 0 ||
  (images === "pages" && bytes.length <= tables && bytes.every((one) => one === bytes[0] && one <= MOST_RECORD_BYTES));
/** The buffers of as many images, which are whole chunks. */
const areBuffers = (bytes: readonly number[], tables: number, { images }: Scene): boolean =>
  images === "packs" && bytes.length === tables && bytes.every((one) => one % CHUNK_BYTES === 0);

/** Of what a JIT keeps of a function between its rounds. */
const MOST_RECORD_BYTES = 128;

const SIGNS: readonly Sign[] = [
  { quirk: "secondFlush", oracle: "flush-covers-writes", what: /^2 flushes after a poke, expected 1$/, ends: false },
  {
    quirk: "newPackNotFlushed",
    oracle: "freed-is-illegal",
    what: /, in a new pack, held before: notCleaned$/,
    ends: false,
  },
  // Where each program has pages of its own, what they are filled with beside the image.
  {
    quirk: "newPackNotFlushed",
    oracle: "no-stale-fetch",
    what: /, beside its code, is stored and not cleaned from the data cache$/,
    ends: false,
  },
  {
    quirk: "imageAlignedToWord",
    oracle: "long-jump",
    what: /the literal lies at .*, expected a multiple of 8$/,
    ends: false,
  },
  { quirk: "staleTail", oracle: "freed-is-illegal", what: /, slack of a live image, is not the illegal/, ends: false },
  {
    quirk: "copyFaultIgnored",
    oracle: "fallback-is-clean",
    what: /^a step failed, but the (program counts as loaded|attach counts as done)$/,
    ends: true,
    explains: refused("copy"),
  },
  {
    quirk: "extraPassFailureKeepsImage",
    oracle: "fallback-is-clean",
    what: /^a step failed, but the program counts as loaded$|^function \d+ is still marked as compiled$/,
    ends: true,
    explains: refused("poke"),
  },
  {
    quirk: "finalizeFailureCharge",
    oracle: "fallback-is-clean",
    what: /^\d+ bytes are charged, \d+ before the failed load$/,
    ends: true,
    explains: keepsCharge,
  },
  // The first of a pack takes the pack with it, and its record stays.
  {
    quirk: "finalizeFailureSize",
    oracle: "fallback-is-clean",
    what: /^(?:areas|heapObjects): \d+ after the failed load/,
    ends: true,
    explains: refused("poke"),
  },
  // The way out of a failed load then pokes what is no longer there.
  {
    quirk: "finalizeFailureSize",
    oracle: "no-crash",
    what: / in patch_map\b/,
    ends: true,
    explains: refused("poke"),
  },
  {
    quirk: "protectionFailureIgnored",
    oracle: "no-crash",
    what: /: set_memory_x of a page that is writable\b/,
    ends: true,
    explains: refused("setPermission"),
  },
  {
    quirk: "protectionFailureIgnored",
    oracle: "fallback-is-clean",
    what: /^a step failed, but the (program counts as loaded|attach counts as done)$/,
    ends: true,
    explains: refused("setPermission"),
  },
  {
    quirk: "freeLeaksOffsets",
    oracle: "fallback-is-clean",
    what: /^heapObjects: \d+ after the failed load/,
    ends: true,
    explains: leavesTables(areRecords),
  },
  {
    quirk: "freeLeaksBuffer",
    oracle: "fallback-is-clean",
    what: /^heapObjects: \d+ after the failed load/,
    ends: true,
    explains: leavesTables(areBuffers),
  },
];

/** The known defect that makes an oracle say so much of a step. @param step undefined at the end of a history */
export function signOf(
  breach: { readonly oracle: string; readonly what: string },
  step: Step | undefined,
  among: (quirk: QuirkId) => boolean = () => true,
): QuirkId | undefined {
  return SIGNS.find(
    ({ quirk, oracle, what, explains }) =>
      among(quirk) &&
      oracle === breach.oracle &&
      what.test(breach.what) &&
      (explains === undefined || (step !== undefined && explains(step))),
  )?.quirk;
}

/** The oracles without what the subject's known defects make them say, where nothing else comes of it. */
export function pastKnownDefects(oracles: readonly Oracle[], { known }: Pick<Subject, "known">): readonly Oracle[] {
  if (known === undefined || known.size === 0) return oracles;
  const signs = SIGNS.filter(({ quirk, ends }) => !ends && known.has(quirk));
  return oracles.map((oracle) => {
    const mine = signs.filter((sign) => sign.oracle === oracle.name);
    if (mine.length === 0) return oracle;
    const unknown = (what: string): boolean => !mine.some((sign) => sign.what.test(what));
    const { sweep } = oracle;
    return {
      ...oracle,
      check: (step) => oracle.check(step).filter(unknown),
      ...(sweep && { sweep: (scene) => sweep.call(oracle, scene).filter(unknown) }),
    };
  });
}
