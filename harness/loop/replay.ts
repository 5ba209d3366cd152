// Cases that come from files instead of being drawn: each entry on each engine. A file that cannot be read, or is not what it
// claims to be, is named and fails the run, but does not keep the others from being replayed.

import type { Engine } from "../../engines/engine.js";
import { isUncompared, type Verdict, whyUncompared } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import { breather } from "../breathe.js";
import { onSubject } from "../case-command.js";
import { damageOf, readCorpus } from "../corpus/store.js";
import type { TestedCase } from "../format/junit.js";
import type { ProgramChoice } from "../object-file.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import type { Setting } from "./case-checker.js";

export interface Replayed {
  /** Of an object file, with the program. */
  readonly file: string;
  /** Shows it again. */
  readonly command: string;
  readonly verdicts: readonly { readonly engine: Engine; readonly verdict: Verdict }[];
}

/** Ends early when it is told to stop. */
export async function* replayFiles(
  paths: readonly string[],
  { subject, engines, ...choice }: Pick<Setting, "subject" | "engines"> & Pick<ProgramChoice, "unknownCalls">,
  stop: AbortSignal,
): AsyncGenerator<Loaded<Replayed>> {
  const { entries, unreadable } = readCorpus(paths, choice);
  yield* unreadable.map(refuse);
  const breathe = breather();
  for (const entry of entries) {
    await breathe();
    if (stop.aborted) return;
    const damage = damageOf(entry);
    if (damage !== undefined) yield refuse(damage);
    else {
      const verdicts = engines.map((engine) => ({ engine, verdict: entry.replay(engine, subject) }));
      yield loaded({ file: entry.name, command: entry.command, verdicts });
    }
  }
}

interface ReplayReport extends Report {
  readonly engines: readonly string[];
  readonly files: number;
}

interface ReplayOutcome {
  readonly report: ReplayReport;
  /** By file and engine. */
  readonly cases: readonly TestedCase[];
}

/** `rox replay`. */
export async function replay(
  paths: readonly string[],
  { subject, engines, ...choice }: Pick<Setting, "subject" | "engines"> & Pick<ProgramChoice, "unknownCalls">,
  stop: AbortSignal,
): Promise<ReplayOutcome> {
  const started = Date.now();
  const failures: Failure[] = [];
  const unreadable: BadInput[] = [];
  const cases: TestedCase[] = [];
  const count = { files: 0, passed: 0, incomparable: 0, lacking: 0 };
  for await (const replayed of replayFiles(paths, { subject, engines, ...choice }, stop)) {
    if (!replayed.ok) {
      unreadable.push(replayed.error);
      continue;
    }
    count.files++;
    const { file, verdicts } = replayed.value;
    const command = `${replayed.value.command}${onSubject(subject?.name)}`;
    for (const { engine, verdict } of verdicts) {
      const name = engines.length > 1 ? `${file} on ${engine.name}` : file;
      if (verdict.kind === "agree") {
        count.passed++;
        cases.push({ name });
      } else if (isUncompared(verdict)) {
        count.incomparable++;
        if (verdict.kind === "refused") count.lacking++;
        cases.push({ name, failure: { message: `incomparable: ${whyUncompared(verdict)}`, details: "" } });
      } else {
        const { oracle, where, expected, got } = verdict;
        failures.push({ name, oracle, where, expected, got, replay: command });
        cases.push({ name, failure: { message: `${where}: expected ${expected}, got ${got}`, details: command } });
      }
    }
  }
  const { passed, incomparable, lacking, files } = count;
  const counts: Counts = {
    ...{
      passed,
      failed: failures.length,
      incomparable,
      lacking,
      seed: null,
      subject: (subject ?? defaultSubject).name,
      interrupted: stop.aborted,
      failures,
      unreadable,
    },
  };
  const report = makeReport("replay", started, counts, { engines: engines.map(({ name }) => name), files });
  const unread = unreadable.map(({ subject, expected, got }) => ({
    name: subject,
    failure: { message: `expected ${expected}, got ${got}`, details: "" },
  }));
  return { report, cases: [...cases, ...unread] };
}
