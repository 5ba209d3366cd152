// Everything that is tried beside programs: the lessons that are no programs, all of small scope, random histories of
// loads, runs and frees, and random cases of the other kinds. The first case of each kind that fails is made plain and
// kept as a file.

import { HISTORIES } from "../../properties/cases/history/index.js";
import { TRAMPOLINES } from "../../properties/cases/trampoline/index.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import type { BadInput } from "../bad-input.js";
import { caseCommand } from "../case-command.js";
import { type Failure, INCOMPARABLE_LIMIT } from "../report.js";
import type { Breach, KindName } from "./cases.js";
import { type CaseFinding, keepCase } from "./finding.js";
import { type LessonReport, replayLessons } from "./lessons.js";
import type { SequencePool } from "./pool.js";
import { exploreAllocFree, NOTHING_TRIED } from "./small-packs.js";
import type { SequenceResult, SequenceTask } from "./task.js";

export interface SequenceOptions {
  readonly seed: number;
  /** Random histories. */
  readonly histories: number;
  /** Random cases of rows that only a verifier makes, and of what is attached to functions. */
  readonly rows: number;
  readonly tracings: number;
  /** Try everything of small scope. */
  readonly exhaustive: boolean;
  readonly corpus: string | undefined;
  /** Where a case that fails is written. */
  readonly findings: string;
  readonly stop: AbortSignal;
  readonly progress?: (done: number, of: number) => void;
}

/** Cases of one kind. */
export interface KindCount {
  readonly tried: number;
  readonly incomparable: number;
}

export interface SequenceReport extends LessonReport {
  /** Random histories and what happened in them. */
  readonly sequences: number;
  readonly steps: number;
  readonly interleavings: number;
  readonly failures: number;
  /** A second on one core, every oracle on, in the second half of the histories: by then most code is compiled. */
  readonly stepsPerSecondPerCore: number;
  readonly kernelRows: KindCount;
  readonly tracings: KindCount;
  /** Of small scope: histories, pokes, failure points. */
  readonly allocFree: number;
  readonly pokes: number;
  readonly failurePoints: number;
  /** Milliseconds. */
  readonly exhaustiveMs: number;
}
export interface SequenceOutcome {
  readonly report: SequenceReport;
  readonly found: readonly Failure[];
  readonly unreadable: readonly BadInput[];
  readonly findings: readonly CaseFinding[];
}

const CHUNK = 50;
const SHARES = 16;

export async function sequences(options: SequenceOptions, pool: SequencePool): Promise<SequenceOutcome> {
  const found: Failure[] = [];
  const unreadable: BadInput[] = [];
  const corpus = replayLessons(options.corpus, found, unreadable);
  const tasks = exhaustiveTasks();
  const random = historyTasks(options);
  const cases = [
    caseTasks(VERIFIER_ONLY.name, options.seed, options.rows),
    caseTasks(TRAMPOLINES.name, options.seed, options.tracings),
  ];
  let all = tasks.length + random.length + cases.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const tell = (): void => options.progress?.(++done, all);
  const run = (more: readonly SequenceTask[]) => runAll(more, pool, options.stop, tell);
  const started = performance.now();
  const exhausted = options.exhaustive ? [...(await run(tasks))] : [];
  const allocFree = options.exhaustive
    ? await exploreAllocFree((more) => {
        all += more.length;
        return run(more);
      }, options.stop)
    : NOTHING_TRIED;
  const exhaustiveMs = performance.now() - started;
  for (const result of exhausted) found.push(...failuresOf(result));
  found.push(...smallScopeFailures("allocFree", allocFree.failures));
  const { played, stepsPerSecondPerCore } = await playAll(random, run);
  const others: SequenceResult[] = [];
  for (const more of cases) others.push(...(await run(more)));
  const findings: CaseFinding[] = [];
  for (const name of [HISTORIES.name, VERIFIER_ONLY.name, TRAMPOLINES.name]) {
    const breach = firstBreach(name, [...played, ...others]);
    if (breach === undefined) continue;
    const kept = keepCase(name, options.seed, breach, options.findings);
    if (kept.ok) findings.push(kept.value);
    else unreadable.push(kept.error);
    found.push(breachFailure(name, options.seed, breach, kept.ok ? kept.value : undefined));
  }
  const kernelRows = countOf(VERIFIER_ONLY.name, others);
  const tracings = countOf(TRAMPOLINES.name, others);
  const { seed } = options;
  found.push(
    ...tooFewCompared(VERIFIER_ONLY.name, kernelRows, `npx rox gate --only rows --rows ${options.rows} --seed ${seed}`),
  );
  found.push(
    ...tooFewCompared(
      TRAMPOLINES.name,
      tracings,
      `npx rox gate --only tracing --tracings ${options.tracings} --seed ${seed}`,
    ),
  );
  const report: SequenceReport = {
    ...corpus,
    ...{ sequences: total(played, "sequences"), steps: total(played, "steps") },
    ...{ interleavings: total(played, "interleavings"), failures: total(played, "failures") },
    stepsPerSecondPerCore,
    ...{ kernelRows, tracings },
    ...{ allocFree: allocFree.tried, pokes: tried(exhausted, "pokes") },
    failurePoints: exhausted.reduce((sum, r) => sum + ("points" in r ? r.points : 0), 0),
    exhaustiveMs,
  };
  return { report, found, unreadable, findings };
}

/** What agreed, of everything that was tried. */
export const agreeingOf = ({ report, findings }: SequenceOutcome): number => {
  const { agreeing, sequences, kernelRows, tracings } = report;
  const compared = ({ tried: n, incomparable }: KindCount): number => n - incomparable;
  return agreeing + sequences + compared(kernelRows) + compared(tracings) - findings.length;
};

function exhaustiveTasks(): readonly SequenceTask[] {
  const shares = Array.from({ length: SHARES }, (_, index) => ({ index, of: SHARES }));
  return [{ kind: "failurePoints" }, ...shares.map((share): SequenceTask => ({ kind: "pokes", share }))];
}

const historyTasks = ({ seed, histories }: SequenceOptions): readonly SequenceTask[] =>
  chunks(histories).map((chunk) => ({ kind: "histories", seed, ...chunk }));

const caseTasks = (of: KindName, seed: number, cases: number): readonly SequenceTask[] =>
  chunks(cases).map((chunk) => ({ kind: "cases", of, seed, ...chunk }));

const chunks = (cases: number): readonly { readonly first: number; readonly count: number }[] =>
  Array.from({ length: Math.ceil(cases / CHUNK) }, (_, i) => {
    const first = i * CHUNK;
    return { first, count: Math.min(CHUNK, cases - first) };
  });

const isBroken = (result: SequenceResult): boolean => "breach" in result && result.breach !== undefined;

/** All histories unless one of the first half breaks something, and the speed of the second half. */
async function playAll(
  tasks: readonly SequenceTask[],
  run: (tasks: readonly SequenceTask[]) => Promise<readonly SequenceResult[]>,
): Promise<{ readonly played: readonly SequenceResult[]; readonly stepsPerSecondPerCore: number }> {
  const half = Math.floor(tasks.length / 2);
  const first = await run(tasks.slice(0, half));
  if (first.some(isBroken)) {
    return { played: first, stepsPerSecondPerCore: 0 };
  }
  const before = process.cpuUsage();
  const second = await run(tasks.slice(half));
  const { user, system } = process.cpuUsage(before);
  const micros = user + system;
  const stepsPerSecondPerCore = micros === 0 ? 0 : Math.round((1e6 * total(second, "steps")) / micros);
  return { played: [...first, ...second], stepsPerSecondPerCore };
}

/** Tasks are begun in order until one finds something, so that the first breach is the same with any number of jobs. */
async function runAll(
  tasks: readonly SequenceTask[],
  pool: SequencePool,
  stop: AbortSignal,
  tell: () => void,
): Promise<readonly SequenceResult[]> {
  const results: SequenceResult[] = [];
  const waiting = [...tasks];
  const runner = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined && !stop.aborted; task = waiting.shift()) {
      const result = await pool.run(task);
      results.push(result);
      tell();
      if (isBroken(result)) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: pool.jobs }, runner));
  return results;
}

const failuresOf = (result: SequenceResult): readonly Failure[] =>
  "failures" in result && Array.isArray(result.failures) ? smallScopeFailures(result.kind, result.failures) : [];

const smallScopeFailures = (kind: string, failures: readonly string[]): readonly Failure[] =>
  failures.map((got) => ({
    ...{ name: `small scope, ${kind}`, where: "a history", expected: "no oracle to object", got },
    replay: "npx rox gate --only small-scope",
  }));

/** The one with the lowest index. */
function firstBreach(name: KindName, results: readonly SequenceResult[]): Breach | undefined {
  let first: Breach | undefined;
  for (const result of results) {
    const isOfKind =
      result.kind === "histories" ? name === HISTORIES.name : result.kind === "cases" && result.of === name;
    if (!isOfKind || !("breach" in result) || result.breach === undefined) continue;
    if (first === undefined || result.breach.index < first.index) first = result.breach;
  }
  return first;
}

function breachFailure(name: KindName, seed: number, breach: Breach, finding: CaseFinding | undefined): Failure {
  const { oracle, where, expected, got } = finding ?? breach;
  const replay = finding === undefined ? `npx rox gate --seed ${seed}` : caseCommand(finding.file);
  return {
    name: finding?.file ?? `case ${breach.index} of ${name}, seed ${seed}`,
    where: `${oracle}, ${where}`,
    expected,
    got,
    replay,
  };
}

function countOf(name: KindName, results: readonly SequenceResult[]): KindCount {
  const mine = results.flatMap((result) => (result.kind === "cases" && result.of === name ? [result] : []));
  return {
    tried: mine.reduce((sum, result) => sum + result.tried, 0),
    incomparable: mine.reduce((sum, result) => sum + result.incomparable, 0),
  };
}

/** Cases that mean nothing must be few in each kind, not only in all of them together. */
function tooFewCompared(name: KindName, { tried: n, incomparable }: KindCount, replay: string): readonly Failure[] {
  if (incomparable <= n * INCOMPARABLE_LIMIT) return [];
  const got = `${incomparable} of ${n}`;
  return [{ name, where: "cases that cannot be compared", expected: "at most 1 %", got, replay }];
}

const total = (results: readonly SequenceResult[], key: "sequences" | "steps" | "interleavings" | "failures"): number =>
  results.reduce((sum, result) => sum + (result.kind === "histories" ? result[key] : 0), 0);

const tried = (results: readonly SequenceResult[], kind: "pokes"): number =>
  results.reduce((sum, result) => sum + (result.kind === kind ? result.tried : 0), 0);
