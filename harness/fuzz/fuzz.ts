// A fuzz campaign from its options to its report.

import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import { shellWord } from "../shell-word.js";
import { type CampaignLimits, runCampaign, type Watchers } from "./campaign.js";
import { type CampaignCoverage, coverageOf } from "./coverage.js";
import type { OpenCampaign } from "./directory.js";
import { caseFileOf, type FindingFacts } from "./findings.js";
import type { MakeFresh } from "./generate.js";
import type { FuzzPool } from "./pool.js";
import { readFacts } from "./read.js";
import { shardText } from "./shard.js";

export interface FuzzReport extends Report {
  readonly directory: string;
  readonly shard: string;
  readonly engine: string;
  readonly feedback: boolean;
  readonly programs: number;
  readonly runs: number;
  readonly slots: number;
  readonly words: number;
  readonly executed: number;
  /** Of the campaign, over all processes. */
  readonly elapsedMs: number;
  readonly coverage: CampaignCoverage;
  readonly incomparableWhy: Readonly<Record<string, number>>;
  /** Failures that --only leaves out. */
  readonly ignored: number;
  readonly findings: readonly FindingFacts[];
}

export async function fuzz(
  campaign: OpenCampaign,
  pool: FuzzPool,
  fresh: MakeFresh,
  limits: CampaignLimits,
  watchers: Watchers = {},
): Promise<FuzzReport> {
  const started = Date.now();
  const end = await runCampaign(campaign, pool, fresh, limits, watchers);
  const { directory, settings, state } = campaign;
  const findings = [...state.findings.keys()].sort().flatMap((name) => readFacts(directory, name) ?? []);
  const counts: Counts = {
    passed: state.sums.passed,
    failed: findings.length,
    incomparable: [...state.incomparable.values()].reduce((sum, n) => sum + n, 0),
    seed: settings.seed,
    interrupted: end === "stopped",
    failures: findings.map((facts) => failureOf(directory, facts)),
    unreadable: [],
  };
  const { programs, runs, slots, words, executed } = state.sums;
  return makeReport("fuzz", started, counts, {
    directory,
    shard: shardText(settings.shard),
    engine: settings.engine,
    feedback: settings.feedback,
    ...{ programs, runs, slots, words, executed },
    elapsedMs: state.elapsedMs,
    coverage: coverageOf(state),
    incomparableWhy: Object.fromEntries(state.incomparable),
    ignored: state.ignored,
    findings,
  });
}

const failureOf = (directory: string, { name, where, expected, actual }: FindingFacts): Failure => {
  const file = caseFileOf(directory, name);
  return { name: file, where, expected, actual, replay: `npx rox run ${shellWord(file)}` };
};
