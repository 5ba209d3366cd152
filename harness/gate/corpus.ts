// The entries of a corpus, replayed before anything new is tried. A file that cannot be used is reported and fails the run,
// but does not keep the others from being replayed.

import { kindOfFile } from "../../properties/cases/index.js";
import { defaultSubject } from "../../subjects/index.js";
import type { BadInput } from "../bad-input.js";
import { onSubject } from "../case-command.js";
import { type Replayed, replayFiles } from "../loop/replay.js";
import type { Setting } from "../loop/trial.js";
import type { Failure } from "../report.js";

export interface CorpusReport {
  readonly directory: string | undefined;
  readonly files: number;
  readonly passed: number;
  /** The subject lacks what they need. */
  readonly incomparable: number;
  readonly failures: readonly Failure[];
  readonly unreadable: readonly BadInput[];
}

export async function replayCorpus(
  directory: string | undefined,
  setting: Pick<Setting, "subject" | "engines">,
  stop: AbortSignal,
): Promise<CorpusReport> {
  const failures: Failure[] = [];
  const unreadable: BadInput[] = [];
  const count = { files: 0, passed: 0, incomparable: 0 };
  for await (const replayed of replayFiles(directory === undefined ? [] : [directory], setting, stop)) {
    count.files++;
    if (!replayed.ok) unreadable.push(replayed.error);
    else {
      const failure = failureOf(replayed.value, setting.subject?.name);
      if (failure !== undefined) failures.push(failure);
      else if (replayed.value.verdicts.some(({ verdict }) => verdict.kind === "refused")) count.incomparable++;
      else count.passed++;
    }
  }
  return { directory, ...count, failures, unreadable };
}

/** An entry must be comparable, unless the subject lacks what it needs. */
function failureOf({ file, command, verdicts }: Replayed, subject: string | undefined): Failure | undefined {
  for (const { verdict } of verdicts) {
    const on = subject === undefined || subject === defaultSubject.name ? {} : { subject };
    const about = { name: file, replay: `${command}${onSubject(subject)}`, ...on };
    if (verdict.kind === "incomparable")
      return { ...about, where: "the entry", expected: "a comparison", got: verdict.why };
    if (verdict.kind !== "disagree") continue;
    const { oracle, where, expected, got } = verdict;
    return { ...about, oracle, where, expected, got };
  }
  return undefined;
}

/** Names of the kinds whose entries fail: what is drawn of them would find the same once more. */
export const failingKinds = ({ failures }: CorpusReport): ReadonlySet<string | undefined> =>
  new Set(failures.map(({ name }) => kindOfFile(name)?.name));
