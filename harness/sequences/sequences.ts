// Histories of loads, runs, attaches and frees: those of the corpus, everything of small scope, and random ones. The first
// random history that breaks an oracle is made plain and kept as a file.

import type { BadInput } from "../bad-input.js";
import { findFiles } from "../input-file.js";
import type { Failure } from "../report.js";
import { type HistoryFinding, keepHistory } from "./finding.js";
import { loadHistory, replayFile, sequenceCommand } from "./history-file.js";
import type { SequencePool } from "./pool.js";
import { exploreAllocFree, NOTHING_TRIED } from "./small-packs.js";
import type { Breach, SequenceResult, SequenceTask } from "./task.js";

export interface SequenceOptions {
  readonly seed: number;
  /** Random histories. */
  readonly histories: number;
  /** Try everything of small scope. */
  readonly exhaustive: boolean;
  readonly corpus: string | undefined;
  /** Where a history that breaks something is written. */
  readonly findings: string;
  readonly stop: AbortSignal;
  readonly progress?: (done: number, of: number) => void;
}

export interface SequenceReport {
  /** Files of the corpus, and those that came out as they say. */
  readonly files: number;
  readonly agreeing: number;
  /** Random histories and what happened in them. */
  readonly sequences: number;
  readonly steps: number;
  readonly interleavings: number;
  readonly failures: number;
  /** A second on one core, every oracle on. */
  readonly stepsPerSecondPerCore: number;
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
  readonly finding?: HistoryFinding;
}

const CHUNK = 50;
const SHARES = 16;

export async function sequences(options: SequenceOptions, pool: SequencePool): Promise<SequenceOutcome> {
  const found: Failure[] = [];
  const unreadable: BadInput[] = [];
  const corpus = replayAll(options.corpus, found, unreadable);
  const tasks = exhaustiveTasks();
  const random = randomTasks(options);
  let all = tasks.length + random.length;
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
  const cpu = process.cpuUsage();
  const played = await runAll(random, pool, options.stop, tell);
  const { user, system } = process.cpuUsage(cpu);
  const breach = firstBreach(played);
  let finding: HistoryFinding | undefined;
  if (breach !== undefined) {
    const kept = keepHistory(options.seed, breach, options.findings);
    if (kept.ok) finding = kept.value;
    else unreadable.push(kept.error);
    found.push(breachFailure(options.seed, breach, finding));
  }
  const steps = total(played, "steps");
  const report: SequenceReport = {
    ...corpus,
    ...{ sequences: total(played, "sequences"), steps, interleavings: total(played, "interleavings") },
    failures: total(played, "failures"),
    stepsPerSecondPerCore: user + system === 0 ? 0 : Math.round((1e6 * steps) / (user + system)),
    ...{ allocFree: allocFree.tried, pokes: tried(exhausted, "pokes") },
    failurePoints: exhausted.reduce((sum, r) => sum + ("points" in r ? r.points : 0), 0),
    exhaustiveMs,
  };
  return { report, found, unreadable, ...(finding === undefined ? {} : { finding }) };
}

function exhaustiveTasks(): readonly SequenceTask[] {
  const shares = Array.from({ length: SHARES }, (_, index) => ({ index, of: SHARES }));
  return [{ kind: "failurePoints" }, ...shares.map((share): SequenceTask => ({ kind: "pokes", share }))];
}

function randomTasks({ seed, histories }: SequenceOptions): readonly SequenceTask[] {
  return Array.from({ length: Math.ceil(histories / CHUNK) }, (_, i): SequenceTask => {
    const first = i * CHUNK;
    return { kind: "histories", seed, first, count: Math.min(CHUNK, histories - first) };
  });
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
      if (result.kind === "histories" && result.breach !== undefined) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: pool.jobs }, runner));
  return results;
}

function replayAll(
  directory: string | undefined,
  failures: Failure[],
  unreadable: BadInput[],
): Pick<SequenceReport, "files" | "agreeing"> {
  const { files, refused } = findFiles(directory === undefined ? [] : [directory], [".history"]);
  unreadable.push(...refused);
  let agreeing = 0;
  for (const file of files) {
    const read = loadHistory(file);
    if (!read.ok) {
      unreadable.push(read.error);
      continue;
    }
    const { wrong } = replayFile(read.value);
    if (wrong === undefined) agreeing++;
    else failures.push({ name: file, ...expectation(read.value.about.expect, wrong), replay: sequenceCommand(file) });
  }
  return { files: files.length, agreeing };
}

const expectation = (expect: "pass" | "breach", actual: string) => ({
  where: "a history",
  expected: expect === "pass" ? "no oracle to object" : "the oracle that it names to object",
  actual,
});

const failuresOf = (result: SequenceResult): readonly Failure[] =>
  result.kind === "histories" ? [] : smallScopeFailures(result.kind, result.failures);

const smallScopeFailures = (kind: string, failures: readonly string[]): readonly Failure[] =>
  failures.map((actual) => ({ name: `small scope, ${kind}`, ...expectation("pass", actual) }));

function firstBreach(results: readonly SequenceResult[]): Breach | undefined {
  const breaches = results.flatMap((r) => (r.kind === "histories" && r.breach !== undefined ? [r.breach] : []));
  return breaches.reduce<Breach | undefined>((a, b) => (a === undefined || b.index < a.index ? b : a), undefined);
}

function breachFailure(seed: number, breach: Breach, finding: HistoryFinding | undefined): Failure {
  const where = finding?.oracle ?? breach.oracle;
  const actual = finding?.what ?? breach.what;
  const name = finding?.file ?? `history ${breach.index} of seed ${seed}`;
  const replay = finding === undefined ? `npx rox gate --seed ${seed}` : sequenceCommand(finding.file);
  return { name, where, expected: "no oracle to object", actual, replay };
}

const total = (results: readonly SequenceResult[], key: "sequences" | "steps" | "interleavings" | "failures"): number =>
  results.reduce((sum, result) => sum + (result.kind === "histories" ? result[key] : 0), 0);

const tried = (results: readonly SequenceResult[], kind: "pokes"): number =>
  results.reduce((sum, result) => sum + (result.kind === kind ? result.tried : 0), 0);
