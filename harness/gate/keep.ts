// What the gate found: a failing case made small and written, and the failure that the report names.

import path from "node:path";
import { SAME_CODE } from "../../properties/differences/same-code.js";
import { defaultSubject } from "../../subjects/index.js";
import { type Loaded, loaded } from "../bad-input.js";
import { caseCommand, onSubject } from "../case-command.js";
import type { CaseChecker, Setting } from "../loop/case-checker.js";
import { causeName, isOfWorker } from "../loop/cause.js";
import { caseAt, UNSTEERED } from "../loop/chunk.js";
import { describeFinding, type WrittenFinding } from "../loop/findings.js";
import type { Pool } from "../loop/pool.js";
import { SHRINK_BUDGET, type ShrinkBudget, shrinkSuspect } from "../loop/run.js";
import { writeOutputFile } from "../output-file.js";
import type { Failure } from "../report.js";
import type { TallySuspect } from "./tally.js";

interface Keeping {
  readonly seed: number;
  /** The directory. */
  readonly findings: string;
  readonly shrink?: ShrinkBudget;
}

/** Shrunk, unless it ended its worker, and written. What does not fail again is kept as it was found. */
export async function keepSuspect(
  suspect: TallySuspect,
  checker: CaseChecker,
  { engines, subject = defaultSubject }: Setting,
  { seed, findings, shrink = SHRINK_BUDGET }: Keeping,
  pool: Pool,
): Promise<Loaded<WrittenFinding>> {
  const { kind } = checker;
  const { index, chunk } = suspect;
  const c = caseAt(checker, seed, index, UNSTEERED).case;
  const original = kind.print(c, { title: undefined });
  const shrunk = isOfWorker(suspect.cause) ? undefined : await shrinkSuspect(pool, checker, original, suspect, shrink);
  const name = `gate-${seed}-${index}`;
  const on = { engine: engines.map((engine) => engine.name).join(", "), subject: subject.name };
  const run = { command: "gate", ...on, seed, shard: "1/1" } as const;
  const described = describeFinding(run, { checker, suspect, chunk, original, shrunk }, name, name);
  const file = path.join(findings, described.facts.file);
  const written = writeOutputFile(file, described.text);
  return written.ok ? loaded({ ...described, file }) : written;
}

export function foundFailure({ facts, file }: WrittenFinding): Failure {
  const { cause, where, expected, got, kernel } = facts;
  const replay = `${caseCommand(file, facts.subject)}${cause.oracle === SAME_CODE ? " --exact" : ""}`;
  return { name: file, oracle: cause.oracle, where, expected, got, replay, ...(kernel && { kernel }) };
}

/** One that has no file. */
export function lostFailure(
  kind: string,
  { seed, subject }: { readonly seed: number; readonly subject: string },
  { index, cause, where, expected, got }: TallySuspect,
): Failure {
  const name = `case ${index} of ${kind}, seed ${seed}`;
  return { name, oracle: cause.oracle, where, expected, got, replay: partCommand(kind, seed, subject) };
}

/** The command that tries the same cases of a kind again. */
export const partCommand = (kind: string, seed: number, subject: string): string =>
  `npx rox gate --only ${kind} --seed ${seed}${onSubject(subject)}`;

/** Whether it is the same that failed, as far as the smallest cases show. */
export const isSameCause = (a: WrittenFinding, b: WrittenFinding): boolean => {
  const [one, other] = [a.facts, b.facts];
  return one.kind === other.kind && causeName(one.kind, one.cause) === causeName(other.kind, other.cause);
};
