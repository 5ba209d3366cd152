// All oracles, in the order in which their breaches are told. Adding one is a file and a line: here, or in
// `code/index.ts` for one that reads the code of a program without running it.

import type { Subject } from "../../subjects/subject.js";
import { pastKnownDefects } from "../known-defects.js";
import { aapcs64Contract } from "./aapcs64-contract.js";
import { accountingBalanced } from "./accounting-balanced.js";
import { allocatorMatchesModel } from "./allocator-matches-model.js";
import { CODE_ORACLES } from "./code/index.js";
import { execMatch } from "./exec-match.js";
import { fallbackIsClean } from "./fallback-is-clean.js";
import { flushCoversWrites } from "./flush-covers-writes.js";
import { freedIsIllegal } from "./freed-is-illegal.js";
import { lockDiscipline } from "./lock-discipline.js";
import { noCrash } from "./no-crash.js";
import { noLeak } from "./no-leak.js";
import { noOverlap } from "./no-overlap.js";
import { noStaleFetch } from "./no-stale-fetch.js";
import type { Oracle } from "./oracle.js";
import { packReturnedWhenEmpty } from "./pack-returned-when-empty.js";
import { pokeAtomic } from "./poke-atomic.js";
import { relativeToRo } from "./relative-to-ro.js";
import { roImmutable } from "./ro-immutable.js";
import { wXorX } from "./w-xor-x.js";

export const ORACLES: readonly Oracle[] = [
  fallbackIsClean,
  lockDiscipline,
  noCrash,
  wXorX,
  flushCoversWrites,
  noStaleFetch,
  relativeToRo,
  roImmutable,
  freedIsIllegal,
  allocatorMatchesModel,
  noOverlap,
  packReturnedWhenEmpty,
  accountingBalanced,
  noLeak,
  pokeAtomic,
  execMatch,
  aapcs64Contract,
  ...CODE_ORACLES,
];

/** Those that say something of the subject. The gate prints what it mutes: see `mutedBy`. */
export function oraclesOf(subject: Subject): readonly Oracle[] {
  const { mute } = subject;
  const asked = mute.size === 0 ? ORACLES : ORACLES.filter(({ name }) => !mute.has(name));
  return pastKnownDefects(asked, subject);
}

/** What is not asked of the subject, and why: a line for each reason. */
export function mutedBy({ name: subject, mute }: Pick<Subject, "name" | "mute">): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const [oracle, why] of mute) byReason.set(why, [...(byReason.get(why) ?? []), oracle]);
  return [...byReason].map(
    ([why, names]) => `${names.join(", ")}, which ${names.length === 1 ? "says" : "say"} nothing of ${subject}: ${why}`,
  );
}
