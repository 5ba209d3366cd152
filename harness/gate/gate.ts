// The gate: a campaign with a fixed plan and no directory. The corpus first, then directed cases and encoders, then fresh cases
// of each kind, and what is tried exhaustively. The first failure of each kind is shrunk and kept as a file.

import { defectsOf, type KnownDefect } from "../../properties/known-defects.js";
import { defaultSubject } from "../../subjects/index.js";
import { type AnySubject, isKernel, notTried } from "../../subjects/program-subject.js";
import type { DirectedCase } from "../../subjects/subject.js";
import { type BadInput, loaded } from "../bad-input.js";
import { type Counterexample, foundCase, shortestOf } from "../counterexample.js";
import { makeSubjectCheckers, type Setting } from "../loop/case-checker.js";
import { SIZE_LIMITS } from "../loop/chunk.js";
import { type Coverage, coverage, WRITTEN_ROWS } from "../loop/coverage.js";
import type { HowMuch } from "../loop/exhaustive.js";
import type { WrittenFinding } from "../loop/findings.js";
import type { Pool } from "../loop/pool.js";
import type { ShrinkBudget } from "../loop/run.js";
import { makeDirectory } from "../output-file.js";
import {
  type Counts,
  type Failure,
  INCOMPARABLE_LIMIT,
  makeReport,
  type Report,
  tooManyIncomparable,
} from "../report.js";
import { type CorpusReport, failingKinds, replayCorpus } from "./corpus.js";
import { type DirectedReport, NO_DIRECTED, tryDirected } from "./directed.js";
import { type ExhaustiveFacts, exhaustiveTrial } from "./exhaustive.js";
import { foundFailure, isSameCause, keepSuspect, lostFailure, partCommand } from "./keep.js";
import { defectFailures, type KernelCode, kernelCodeOf, withKernelPlace } from "./kernel-image.js";
import { notCheckedOf } from "./not-checked.js";
import { type SameCode, sameCode } from "./same-code.js";
import { emptyTally, incomparableCount, type KindPlan, type Tally, tryKind } from "./tally.js";

export interface GateOptions {
  readonly seed: number;
  readonly kinds: readonly KindPlan[];
  readonly directed: readonly DirectedCase[];
  readonly encoders: boolean;
  /** Undefined: nothing is tried exhaustively. */
  readonly exhaustive: HowMuch | undefined;
  /** Directory of case files; undefined for none. */
  readonly corpus: string | undefined;
  /** Where failing cases are written. */
  readonly findings: string;
  /** See `ChunkTask`. */
  readonly pointsEvery: number;
  readonly shrink?: ShrinkBudget;
  /** A known defect that the subject has is a failure. */
  readonly strict: boolean;
  /** Go on to the next part when one has failed. */
  readonly keepGoing: boolean;
  /** Called as soon as a part has failed, with its shortest counterexample. */
  readonly onFailed?: (part: string, shortest: Counterexample, failures: number) => Promise<void>;
  readonly stop: AbortSignal;
  /** @param share of the part, from 0 to 1 */
  readonly progress?: (share: number, note: string) => void;
}

/** Of one kind. */
export interface KindReport {
  readonly tried: number;
  readonly passed: number;
  readonly incomparable: number;
  /** Why they could not be compared, how often, and the index of the first. */
  readonly why: readonly { readonly reason: string; readonly times: number; readonly first: number }[];
  /** Of histories: actions, runs of another CPU between two events of one, injected failures; steps a second on one core. */
  readonly steps: number;
  readonly interleavings: number;
  readonly failures: number;
  readonly stepsPerSecondPerCore: number;
}

export interface GateReport extends Report {
  readonly programs: number;
  /** By engine. */
  readonly runs: Readonly<Record<string, number>>;
  /** BPF slots and A64 words of all programs, and A64 instructions executed. */
  readonly slots: number;
  readonly words: number;
  readonly executed: number;
  readonly jobs: number;
  /** Compared programs a second on one core. */
  readonly programsPerSecondPerCore: number;
  readonly corpus: CorpusReport;
  readonly coverage: Coverage;
  readonly sizes: readonly { readonly upTo: number | null; readonly programs: number }[];
  /** Of programs, by reason: how many, and the index of the first. */
  readonly incomparableWhy: Readonly<Record<string, { readonly programs: number; readonly first: number }>>;
  /** Defects of Linux that the subject has: it is judged past them. */
  readonly knownDefects: readonly KnownDefect[];
  readonly notChecked: readonly string[];
  /** Parts that were wanted, but come behind one that failed. */
  readonly notRun: readonly string[];
  readonly directed: DirectedReport;
  /** By name. */
  readonly kinds: Readonly<Record<string, KindReport>>;
  /** Of a kernel image: code that is not our own JIT's. */
  readonly sameCode?: SameCode;
  /** Of a kernel image: how many words of each function under test were executed, of how many. */
  readonly kernelCode?: readonly KernelCode[];
  readonly exhaustive?: ExhaustiveFacts;
}

export interface GateResult {
  readonly report: GateReport;
  /** Of programs. */
  readonly tally: Tally;
  readonly findings: readonly WrittenFinding[];
}

const PROGRAMS = "programs";

export async function gate(options: GateOptions, setting: Setting, pool: Pool): Promise<GateResult> {
  const started = Date.now();
  const { seed, stop } = options;
  const { subject, checkers } = makeSubjectCheckers(setting);
  const isForeign = !isKernel(subject);
  // Whoever tests a JIT that is not ours wants to know all that is wrong with it.
  const keepGoing = options.keepGoing || isForeign;
  const failures: Failure[] = [];
  const notRun: string[] = [];
  /** Whether the next part is run; told of each part in turn. */
  const goesOn = (part: string, isWanted = true): boolean => {
    const runs = isWanted && !stop.aborted && (keepGoing || failures.length === 0);
    if (isWanted && !runs && !stop.aborted) notRun.push(part);
    return runs;
  };
  const failed = async (part: string, found: readonly Failure[], kept?: WrittenFinding): Promise<void> => {
    failures.push(...found);
    if (found.length > 0) await options.onFailed?.(part, kept ? foundCase(kept) : shortestOf(found), found.length);
  };
  const { untried, lines: aboutSubject } = notTried(subject);
  const how = isForeign || untried.has("exhaustive") ? undefined : options.exhaustive;
  const trial = how && isKernel(subject) ? exhaustiveTrial(pool, subject, how, options) : undefined;
  // What comes before fresh cases keeps one core busy, and workers the others.
  const ahead = pool.jobs > 1 ? trial?.begin() : undefined;
  const corpus = await replayCorpus(options.corpus, setting, stop);
  await failed(
    "corpus",
    corpus.failures.map((failure) => withKernelPlace(failure, checkers)),
  );
  const hasDirected = goesOn("directed", options.directed.length > 0);
  const hasEncoders = goesOn("encoders", options.encoders && !untried.has("encoders"));
  const parts = { cases: hasDirected ? options.directed : [], encoders: hasEncoders };
  const directed = isKernel(subject) ? await tryDirected(seed, subject, parts) : NO_DIRECTED;
  await failed("directed", directed.found);
  if (failures.length > 0 && !keepGoing) trial?.drop();
  // The speed of what follows is that of all threads.
  await ahead;
  const known = new Set([...(isKernel(subject) ? (subject.known ?? []) : []), ...directed.known]);
  const unreadable: BadInput[] = [...corpus.unreadable];
  const findings: WrittenFinding[] = [];
  const tallies = new Map<string, Tally>();
  const broken = failingKinds(corpus);
  const plans = options.kinds.filter(({ kind, cases }) => !untried.has(kind) && cases > 0);
  // Before the work: what is found must have a place.
  const hasWork = plans.some(({ kind }) => isForeign || !broken.has(kind)) && (keepGoing || failures.length === 0);
  const place = hasWork ? makeDirectory(options.findings) : loaded("");
  if (!place.ok) unreadable.push(place.error);
  for (const plan of place.ok ? plans : []) {
    // What is drawn of a kind whose entries fail would find the same once more.
    const isKnown = broken.has(plan.kind) && options.keepGoing && !isForeign;
    if (isKnown) notRun.push(plan.kind);
    if (isKnown || !goesOn(plan.kind)) continue;
    const checker = checkers[plan.kind]!;
    const progress = (cases: number, ms: number): void =>
      options.progress?.(
        Math.max(cases / plan.cases, ms / plan.budgetMs),
        `${cases} ${plan.kind}, ${Math.round(ms / 1000)} s`,
      );
    const tally = await tryKind(plan, checker, pool, {
      seed,
      pointsEvery: options.pointsEvery,
      stop,
      progress,
      goesOn: isForeign,
    });
    tallies.set(plan.kind, tally);
    for (const suspect of tally.suspects) {
      const kept = await keepSuspect(suspect, checker, setting, options, pool);
      // Made small, two may turn out to be one.
      if (kept.ok && findings.some((one) => isSameCause(one, kept.value))) continue;
      if (kept.ok) findings.push(kept.value);
      else unreadable.push(kept.error);
      const failure = kept.ok
        ? foundFailure(kept.value)
        : lostFailure(plan.kind, { seed, subject: subject.name }, suspect);
      await failed(plan.kind, [failure], kept.ok ? kept.value : undefined);
    }
  }
  const exhausted = goesOn("exhaustive", trial !== undefined) ? await trial?.finish() : undefined;
  await failed("exhaustive", exhausted?.failures ?? []);
  const sum = (of: (tally: Tally) => number): number =>
    [...tallies.values()].reduce((all, tally) => all + of(tally), 0);
  // Each directed case and each encoder counts once.
  const { cases, encoders } = directed.report;
  const counts = (): Counts => ({
    passed: corpus.passed + sum(({ sums }) => sums.passed) + cases + encoders - directed.found.length,
    failed: failures.length,
    incomparable: corpus.incomparable + directed.report.incomparable.length + sum(incomparableCount),
    lacking: corpus.incomparable + directed.report.incomparable.length + sum(({ sums }) => sums.refused),
    seed,
    subject: subject.name,
    interrupted: stop.aborted,
    failures,
    unreadable,
  });
  if (!tooManyIncomparable(counts())) failures.push(...tooFewCompared(tallies, seed, subject.name));
  // Last, as all parts are judged past them.
  if (options.strict) failures.push(...defectFailures(known, directed.known, subject.name));
  const tally = tallies.get(PROGRAMS) ?? emptyTally();
  const code = await sameCode({ ...options, subject, checkers, tallies }, unreadable);
  const report = makeReport("gate", started, counts(), {
    ...programFacts(tally, pool.jobs, setting),
    knownDefects: defectsOf(known),
    notChecked: [...notCheckedOf(subject), ...aboutSubject],
    notRun,
    corpus,
    directed: directed.report,
    kinds: Object.fromEntries(options.kinds.map(({ kind }) => [kind, kindReport(tallies.get(kind) ?? emptyTally())])),
    ...(code && { sameCode: code }),
    ...kernelCodeOf(subject, tallies),
    ...(exhausted && { exhaustive: exhausted.facts }),
  });
  return { report, tally, findings };
}

/** Cases that mean nothing must be few in each kind, not only in all of them together. */
const tooFewCompared = (tallies: ReadonlyMap<string, Tally>, seed: number, subject: string): readonly Failure[] =>
  [...tallies].flatMap(([kind, tally]) => {
    const { cases, refused } = tally.sums;
    const uncompared = incomparableCount(tally) - refused;
    if (uncompared <= cases * INCOMPARABLE_LIMIT) return [];
    const replay = partCommand(kind, seed, subject);
    const got = `${uncompared} of ${cases}`;
    return [{ name: kind, where: "cases that cannot be compared", expected: "at most 1 %", got, replay }];
  });

const kindReport = (tally: Tally): KindReport => ({
  tried: tally.sums.cases,
  passed: tally.sums.passed,
  incomparable: incomparableCount(tally),
  why: [...tally.incomparable].map(([reason, { times, first }]) => ({ reason, times, first })),
  steps: tally.sums.steps,
  interleavings: tally.sums.interleavings,
  failures: tally.sums.failures,
  stepsPerSecondPerCore: tally.stepsPerSecond,
});

function programFacts(tally: Tally, jobs: number, { engines, subject = defaultSubject }: Setting) {
  const { cases, passed, runs, slots, words, executed } = tally.sums;
  const incomparable = [...tally.incomparable].map(
    ([why, { times, first }]) => [why, { programs: times, first }] as const,
  );
  return {
    programs: cases,
    // Each input runs once on each.
    runs: Object.fromEntries(runs === 0 ? [] : engines.map(({ name }) => [name, runs / engines.length])),
    ...{ slots, words, executed, jobs },
    programsPerSecondPerCore: tally.cpuMs === 0 ? 0 : Math.round((1000 * passed) / tally.cpuMs),
    coverage: coverage(tally.rows, rowsOn(subject)),
    sizes: tally.sizes.map((programs, i) => ({ upTo: SIZE_LIMITS[i] ?? null, programs })),
    incomparableWhy: Object.fromEntries(incomparable),
  };
}

/** Ids of the rows that programs for the subject may be written with. */
const rowsOn = (subject: AnySubject): readonly string[] =>
  isKernel(subject) ? WRITTEN_ROWS : WRITTEN_ROWS.filter((id) => subject.dialect.forms.has(id));
