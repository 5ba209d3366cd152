// Other code than our own JIT makes, where the profile of an image's version says that it must be the same: one case of each
// cause that the gate has counted is made small and written, and both images are held beside each other.

import path from "node:path";
import type { Compilable } from "../../properties/differences/images.js";
import { defaultSubject } from "../../subjects/index.js";
import type { AnySubject } from "../../subjects/program-subject.js";
import { isKernel } from "../../subjects/program-subject.js";
import { hasOwnText } from "../../subjects/subject.js";
import type { BadInput } from "../bad-input.js";
import { type DiffGroup, diff } from "../difference/diff.js";
import type { CaseCheckers } from "../loop/case-checker.js";
import { caseAt, UNSTEERED } from "../loop/chunk.js";
import { writeOutputFile } from "../output-file.js";
import { shellWord } from "../shell-word.js";
import type { Tally } from "./tally.js";

export interface SameCode {
  /** Whose code is compared; null where no profile is of its version. */
  readonly profile: string | null;
  /** Cases whose code is another. */
  readonly different: number;
  readonly groups: readonly (DiffGroup & { readonly replay: string })[];
}

/** Causes that are made small. */
const MOST_CAUSES = 8;

interface Counted {
  readonly subject: AnySubject;
  readonly checkers: CaseCheckers;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly seed: number;
  /** Directory for the cases. */
  readonly findings: string;
  readonly stop: AbortSignal;
}

/** Undefined where nothing has a profile: our own JIT, and subjects that are no kernel. */
export async function sameCode(
  { subject, checkers, tallies, seed, findings, stop }: Counted,
  unreadable: BadInput[],
): Promise<SameCode | undefined> {
  if (!isKernel(subject) || !hasOwnText(subject)) return undefined;
  const profile = subject.profile === undefined ? null : `linux-${subject.profile}`;
  const all = [...tallies].flatMap(([kind, { differences }]) => [...differences].map(([, one]) => ({ kind, ...one })));
  const different = all.reduce((sum, { times }) => sum + times, 0);
  if (different === 0) return { profile, different, groups: [] };
  const named = all
    .toSorted((a, b) => b.times - a.times)
    .slice(0, MOST_CAUSES)
    .map(({ kind, first }) => ({
      name: `${kind} ${first}`,
      case: caseAt(checkers[kind]!, seed, first, UNSTEERED).case as Compilable,
    }));
  const { groups } = await diff({ a: defaultSubject, b: subject, programs: 0, seed, named, stop });
  const written = groups.map((group, i) => {
    const file = path.join(findings, `difference-${seed}-${i + 1}${group.extension}`);
    const saved = writeOutputFile(file, group.text);
    if (!saved.ok) unreadable.push(saved.error);
    return { ...group, replay: `npx rox diff impl ${shellWord(subject.name)} ${shellWord(file)}` };
  });
  return { profile, different, groups: written };
}
