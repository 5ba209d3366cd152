// The gate: the corpus first, then what is fixed, then fresh programs until the budget ends, then histories of the memory
// that code lives in and the other kinds of cases. The first disagreement of each kind is shrunk and kept.

import type { Loaded } from "../bad-input.js";
import { caseCommand } from "../case-command.js";
import type { LoadedCase } from "../case-file.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import type { CaseFinding } from "../sequences/finding.js";
import { agreeingOf, type SequenceOutcome, type SequenceReport } from "../sequences/sequences.js";
import { type CampaignOptions, type ChunkPool, campaign } from "./campaign.js";
import { type Incomparable, SIZE_LIMITS } from "./chunk.js";
import { type CorpusReport, replayCorpus } from "./corpus.js";
import { type Coverage, coverage } from "./coverage.js";
import { type Finding, keepFinding, type Shrinking } from "./finding.js";
import type { FixedOutcome, FixedReport } from "./fixed.js";
import { NOT_CHECKED } from "./not-checked.js";
import { emptyTally, incomparableCount, type Tally } from "./tally.js";

export interface GateOptions extends CampaignOptions {
  /** Directory of case files; undefined for none. */
  readonly corpus: string | undefined;
  /** Where a counterexample is written. */
  readonly findings: string;
}

export interface GateParts extends Shrinking {
  readonly pool: ChunkPool;
  load(file: string): Loaded<LoadedCase>;
  /** Edges and encoders; without it none are tried. */
  readonly fixed?: () => FixedOutcome;
  /** Histories, other kinds of cases, all of small scope; without it none are tried. */
  readonly sequences?: () => Promise<SequenceOutcome>;
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
  readonly incomparableWhy: Readonly<Record<string, Incomparable>>;
  readonly notChecked: readonly string[];
  readonly fixed?: FixedReport;
  readonly sequences?: SequenceReport;
}

export interface GateResult {
  readonly report: GateReport;
  readonly tally: Tally;
  readonly finding?: Finding;
  /** Of the other kinds. */
  readonly caseFindings: readonly CaseFinding[];
}

/** `onCorpus` is told as soon as the corpus is through. */
export async function gate(
  options: GateOptions,
  parts: GateParts,
  onCorpus: (corpus: CorpusReport) => void = () => {},
): Promise<GateResult> {
  const started = Date.now();
  const corpus = await replayCorpus(options.corpus, parts.load, parts.trials.check, options.stop);
  onCorpus(corpus);
  const fixed = parts.fixed?.();
  const tally = corpus.failures.length === 0 ? await campaign(options, parts.pool) : emptyTally();
  const failures: Failure[] = [...corpus.failures, ...(fixed?.found ?? [])];
  const unreadable = [...corpus.unreadable];
  let finding: Finding | undefined;
  if (tally.disagreement !== undefined) {
    const kept = keepFinding(options.seed, tally.disagreement, options.findings, parts);
    if (kept.ok) finding = kept.value;
    else unreadable.push(kept.error);
    failures.push(failureOf(options.seed, tally, finding));
  }
  const memory = options.stop.aborted ? undefined : await parts.sequences?.();
  failures.push(...(memory?.found ?? []));
  unreadable.push(...(memory?.unreadable ?? []));
  const counts: Counts = {
    passed: corpus.passed + tally.passed + fixedPassed(fixed) + (memory === undefined ? 0 : agreeingOf(memory)),
    failed: failures.length,
    incomparable: corpus.incomparable + incomparableCount(tally) + incomparableCases(memory),
    seed: options.seed,
    interrupted: options.stop.aborted,
    failures,
    unreadable,
  };
  const extra = {
    ...facts(tally, parts.pool.jobs),
    corpus,
    ...(fixed && { fixed: fixed.report }),
    ...(memory && { sequences: memory.report }),
  };
  return {
    report: makeReport("gate", started, counts, extra),
    tally,
    ...(finding && { finding }),
    caseFindings: memory?.findings ?? [],
  };
}

/** Each edge and each encoder counts once. */
const fixedPassed = (fixed: FixedOutcome | undefined): number =>
  fixed === undefined ? 0 : fixed.report.edges + fixed.report.encoders - fixed.found.length;

const incomparableCases = (memory: SequenceOutcome | undefined): number =>
  memory === undefined ? 0 : memory.report.kernelRows.incomparable + memory.report.tracings.incomparable;

function failureOf(seed: number, tally: Tally, finding: Finding | undefined): Failure {
  const found = tally.disagreement!;
  const verdict = finding?.report.verdict;
  const { where, expected, got } = verdict?.kind === "disagree" ? verdict : found;
  const replay = finding === undefined ? `npx rox gate --seed ${seed}` : caseCommand(finding.file);
  return { name: finding?.file ?? `program ${found.index} of seed ${seed}`, where, expected, got, replay };
}

const facts = (tally: Tally, jobs: number) => ({
  programs: tally.programs,
  runs: Object.fromEntries(tally.runs),
  slots: tally.slots,
  words: tally.words,
  executed: tally.executed,
  jobs,
  programsPerSecondPerCore: tally.cpuMs === 0 ? 0 : Math.round((1000 * tally.passed) / tally.cpuMs),
  coverage: coverage(tally.rows),
  sizes: tally.sizes.map((programs, i) => ({ upTo: SIZE_LIMITS[i] ?? null, programs })),
  incomparableWhy: Object.fromEntries(tally.incomparable),
  notChecked: NOT_CHECKED,
});
