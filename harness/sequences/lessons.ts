// The lessons of a corpus that are no programs: each must come out as its file says.

import { defaultEngine } from "../../engines/index.js";
import { isUncompared, whyUncompared } from "../../properties/verdict.js";
import type { BadInput } from "../bad-input.js";
import { caseCommand } from "../case-command.js";
import type { Entry } from "../corpus/entry.js";
import { KINDS, readEntry } from "../corpus/kinds.js";
import { programKind } from "../corpus/program-kind.js";
import { damageOf } from "../corpus/store.js";
import { findFiles } from "../input-file.js";
import type { Failure } from "../report.js";

export interface LessonReport {
  readonly files: number;
  readonly agreeing: number;
}

const EXTENSIONS = KINDS.filter((kind) => kind !== programKind).flatMap(({ extensions }) => extensions);

/** Failures and files that cannot be used are added to the lists. */
export function replayLessons(
  directory: string | undefined,
  failures: Failure[],
  unreadable: BadInput[],
): LessonReport {
  const { files, refused } = findFiles(directory === undefined ? [] : [directory], EXTENSIONS);
  unreadable.push(...refused);
  const engine = defaultEngine();
  let agreeing = 0;
  for (const file of files) {
    const entry = readEntry(file);
    const damage = entry.ok ? damageOf(entry.value) : entry.error;
    if (!entry.ok || damage !== undefined) {
      if (damage !== undefined) unreadable.push(damage);
      continue;
    }
    const verdict = entry.value.replay(engine);
    if (verdict.kind === "agree") agreeing++;
    else failures.push({ name: file, ...differenceOf(verdict), replay: caseCommand(file) });
  }
  return { files: files.length, agreeing };
}

/** A lesson must be comparable. */
function differenceOf(
  verdict: Exclude<ReturnType<Entry["replay"]>, { kind: "agree" }>,
): Pick<Failure, "where" | "expected" | "got"> {
  if (isUncompared(verdict)) return { where: "lesson", expected: "a comparison", got: whyUncompared(verdict) };
  const { where, expected, got } = verdict;
  return { where, expected, got };
}
