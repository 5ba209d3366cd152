// The lessons learned so far, replayed before anything new is tried. A file that does not parse is reported and fails
// the run, but does not keep the others from being replayed.

import { type Check, checkExpected } from "../../properties/cases/check-or-crash.js";
import { type Disagreement, isUncompared } from "../../properties/verdict.js";
import type { BadInput, Loaded } from "../bad-input.js";
import { breather } from "../breathe.js";
import { caseCommand } from "../case-command.js";
import type { LoadedCase } from "../case-file.js";
import { findFiles } from "../input-file.js";
import type { Failure } from "../report.js";

export interface CorpusReport {
  readonly directory: string | undefined;
  readonly files: number;
  readonly passed: number;
  readonly incomparable: number;
  readonly failures: readonly Failure[];
  readonly unreadable: readonly BadInput[];
}

export async function replayCorpus(
  directory: string | undefined,
  load: (file: string) => Loaded<LoadedCase>,
  check: Check,
  stop: AbortSignal,
): Promise<CorpusReport> {
  const found = findFiles(directory === undefined ? [] : [directory], [".bpf"]);
  const failures: Failure[] = [];
  const unreadable: BadInput[] = [...found.refused];
  let passed = 0;
  let incomparable = 0;
  const breathe = breather();
  for (const file of found.files) {
    await breathe();
    if (stop.aborted) break;
    const c = load(file);
    if (!c.ok) {
      unreadable.push(c.error);
      continue;
    }
    const { verdict } = checkExpected(c.value, check);
    if (verdict.kind === "agree") passed++;
    else if (isUncompared(verdict)) incomparable++;
    else failures.push({ name: file, ...difference(verdict), replay: caseCommand(file) });
  }
  return { directory, files: found.files.length, passed, incomparable, failures, unreadable };
}

const difference = ({ oracle, where, expected, got }: Disagreement) => ({
  oracle,
  where,
  expected,
  got,
});
