// How known defects of Linux show when they are in the subject: which oracle says what. A subject that is found to have some
// is judged past them, so that a new defect is not hidden behind an old one; what they are is named in every summary.

import type { QuirkId, Subject } from "../subjects/subject.js";
import type { Oracle } from "./oracles/oracle.js";

interface Sign {
  readonly quirk: QuirkId;
  readonly oracle: string;
  /** Of the whole breach. */
  readonly what: RegExp;
  /** What comes after it means nothing: a history ends there. */
  readonly ends: boolean;
}

export const SIGNS: readonly Sign[] = [
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
  },
  {
    quirk: "freeLeaksOffsets",
    oracle: "fallback-is-clean",
    what: /^heapObjects: \d+ after the failed load/,
    ends: true,
  },
];

/** The known defect of the subject that says so much; undefined for a breach that nobody knows. */
export function knownBreach(
  { known }: Pick<Subject, "known">,
  breach: { readonly oracle: string; readonly what: string },
): QuirkId | undefined {
  if (known === undefined) return undefined;
  return SIGNS.find(({ quirk, oracle, what }) => known.has(quirk) && oracle === breach.oracle && what.test(breach.what))
    ?.quirk;
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
