// The entries of a corpus, replayed before anything new is tried. A file that cannot be used is reported and fails the run,
// but does not keep the others from being replayed.

import path from "node:path";
import { kindOfFile } from "../../properties/cases/index.js";
import { whyUncompared } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import type { BadInput } from "../bad-input.js";
import { onSubject } from "../case-command.js";
import type { Setting } from "../loop/case-checker.js";
import { type Replayed, replayFiles } from "../loop/replay.js";
import type { Failure } from "../report.js";

export interface CorpusReport {
  readonly directory: string | undefined;
  readonly files: number;
  readonly passed: number;
  /** The subject lacks what they need. */
  readonly incomparable: number;
  readonly lacking: readonly { readonly name: string; readonly why: string }[];
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
  const count = { files: 0, passed: 0 };
  const lacking: { readonly name: string; readonly why: string }[] = [];
  for await (const replayed of replayFiles(directory === undefined ? [] : [directory], setting, stop)) {
    count.files++;
    if (!replayed.ok) unreadable.push(replayed.error);
    else {
      const failure = failureOf(replayed.value, setting.subject?.name);
      if (failure !== undefined) failures.push(failure);
      else {
        const why = whyLacking(replayed.value);
        if (why === undefined) count.passed++;
        else lacking.push({ name: path.basename(replayed.value.file), why });
      }
    }
  }
  return { directory, ...count, incomparable: lacking.length, lacking, failures, unreadable };
}

const whyLacking = ({ verdicts }: Replayed): string | undefined =>
  verdicts.flatMap(({ verdict }) => (verdict.kind === "refused" ? [whyUncompared(verdict)] : []))[0];

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
