// A fuzz campaign from its options to its report.

import { defaultSubject } from "../../subjects/index.js";
import type { BadInput } from "../bad-input.js";
import { caseCommand } from "../case-command.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import { type CampaignLimits, runCampaign, type Watchers } from "./campaign.js";
import type { CaseCheckers } from "./case-checker.js";
import { type CampaignCoverage, coverageOf } from "./coverage.js";
import type { OpenCampaign } from "./directory.js";
import { caseFileOf, type FindingFacts } from "./findings.js";
import type { Pool } from "./pool.js";
import { readFacts } from "./read.js";
import { shardText } from "./shard.js";

export interface FuzzReport extends Report {
  readonly directory: string;
  readonly shard: string;
  readonly engine: string;
  readonly feedback: boolean;
  /** Of all kinds. */
  readonly cases: number;
  /** By kind. */
  readonly kinds: Readonly<Record<string, { readonly cases: number; readonly passed: number }>>;
  /** Of programs. */
  readonly runs: number;
  readonly slots: number;
  readonly words: number;
  readonly executed: number;
  /** Of histories. */
  readonly steps: number;
  /** Of the campaign, over all processes. */
  readonly elapsedMs: number;
  readonly coverage: CampaignCoverage;
  readonly incomparableWhy: Readonly<Record<string, number>>;
  /** Failures that --oracles leaves out. */
  readonly ignored: number;
  /** One a cause. */
  readonly findings: readonly (FindingFacts & {
    /** Names of the other findings of its cause. */
    readonly forms?: readonly string[];
  })[];
}

export async function fuzz(
  campaign: OpenCampaign,
  pool: Pool,
  checkers: CaseCheckers,
  limits: CampaignLimits,
  watchers: Watchers = {},
): Promise<FuzzReport> {
  const started = Date.now();
  const end = await runCampaign(campaign, pool, checkers, limits, watchers);
  const { directory, settings, state } = campaign;
  const unreadable: BadInput[] = [];
  const findings: FuzzReport["findings"][number][] = [];
  for (const [name, forms] of [...state.causes()].sort()) {
    const facts = readFacts(directory, name);
    if (facts?.ok === true) findings.push({ ...facts.value, ...(forms.length === 0 ? {} : { forms }) });
    else if (facts !== undefined) unreadable.push(facts.error);
  }
  const counts: Counts = {
    passed: state.sums.passed,
    failed: findings.length,
    incomparable: [...state.incomparable.values()].reduce((sum, n) => sum + n, 0),
    lacking: state.sums.refused,
    seed: settings.seed,
    subject: settings.subject ?? defaultSubject.name,
    interrupted: end === "stopped",
    failures: findings.map((facts) => failureOf(directory, facts)),
    unreadable,
  };
  const { runs, slots, words, executed, steps } = state.sums;
  const kinds = [...state.sumsOf].map(([kind, { cases: n, passed }]) => [kind, { cases: n, passed }] as const);
  return makeReport("fuzz", started, counts, {
    directory,
    shard: shardText(settings.shard),
    engine: settings.engine,
    feedback: settings.feedback,
    cases: state.sums.cases,
    kinds: Object.fromEntries(kinds),
    ...{ runs, slots, words, executed, steps },
    elapsedMs: state.elapsedMs,
    coverage: coverageOf(state),
    incomparableWhy: Object.fromEntries(state.incomparable),
    ignored: state.ignored,
    findings,
  });
}

const failureOf = (directory: string, facts: FindingFacts): Failure => {
  const { where, expected, got } = facts;
  return { name: caseFileOf(directory, facts), where, expected, got, replay: replayOf(directory, facts) };
};

/** What shows a finding again. */
export const replayOf = (directory: string, facts: FindingFacts): string =>
  caseCommand(caseFileOf(directory, facts), facts.subject);
