// A campaign as data for the HTML report, out of its directory: of one that has ended, was stopped, or is still at work.

import path from "node:path";
import { engineByName } from "../../engines/index.js";
import { checkOrCrash } from "../../properties/cases/check-or-crash.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { parseHistory } from "../../properties/cases/history/text.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { parseCase } from "../../properties/cases/program/text.js";
import { stageCheck } from "../../properties/cases/stage-check.js";
import { clock } from "../format/fuzz.js";
import { count, percent } from "../format/text.js";
import { coverage, WRITTEN_ROWS } from "../gate/coverage.js";
import { NOT_CHECKED } from "../gate/not-checked.js";
import { isOfWorker } from "../loop/cause.js";
import { coverageOf, ranRows } from "../loop/coverage.js";
import { emittedCells } from "../loop/emitted.js";
import { replayOf } from "../loop/fuzz.js";
import type { KeptFinding, ReadCampaign, Sample } from "../loop/read.js";
import { kindId } from "../loop/schedule.js";
import { shardText } from "../loop/shard.js";
import { INCOMPARABLE_LIMIT } from "../report.js";
import { shellWord } from "../shell-word.js";
import type { FactData, FindingData, GrowthPoint, ReportData, VerdictData } from "./data.js";
import { machineEvents } from "./event-text.js";
import { findingData } from "./finding-data.js";
import { thinned } from "./gate-data.js";
import { NOTHING_RUN } from "./gate-findings.js";
import { historyFindingData } from "./history-finding-data.js";
import { grouped } from "./html.js";
import { demonstration } from "./pack-demo.js";

export async function campaignData(directory: string, campaign: ReadCampaign): Promise<ReportData> {
  const { settings, state, samples } = campaign;
  const findings: FindingData[] = [];
  for (const kept of campaign.findings) findings.push(await findingOf(directory, campaign, kept));
  const points = inOrder(samples);
  const programs = state.sumsOf.get(kindId(PROGRAMS))?.trials ?? 0;
  return {
    command: "rox fuzz",
    version: settings.version,
    verdict: verdictOf(campaign),
    facts: factsOf(directory, campaign),
    again: `npx rox fuzz --resume ${shellWord(directory)}`,
    notChecked: NOT_CHECKED,
    findings,
    coverage: {
      cells: emittedCells(state.emitted),
      counted: "programs",
      looked: programs,
      programs,
      rowsMissing: coverage(ranRows(state)).missing,
      rowsAll: WRITTEN_ROWS.length,
    },
    pace: thinned(points.map(({ ms, trials }) => ({ elapsedMs: ms, programs: trials }))),
    growth: growthOf(points),
    sizes: [],
    packs: demonstration(settings.seed),
  };
}

/** A finding of a worker that crashed or hung is not run again: it would end this process as well. */
async function findingOf(directory: string, { settings }: ReadCampaign, kept: KeptFinding): Promise<FindingData> {
  const { facts, shrunk, times } = kept;
  const { name, cause, where, expected, got, size } = facts;
  const replay = replayOf(directory, facts);
  const about = { name, oracle: cause.oracle, where, expected, got, times, text: shrunk, replay };
  const engine = engineByName(settings.engine);
  const title = `${cause.what}: ${cause.reason}`;
  const sizes = { before: size.original, after: size.shrunk, unit: `${size.unit}s` };
  const plain = { ...NOTHING_RUN, ...about, title, shrunk: sizes };
  if (isOfWorker(cause) || engine === undefined) return { ...NOTHING_RUN, ...about, title: cause.reason };
  if (facts.kind === kindId(HISTORIES)) {
    const history = parseHistory(shrunk);
    if (!history.ok) return plain;
    const failed = { ...{ name, history: history.value, engine, oracle: cause.oracle }, expected, got, replay };
    return { ...historyFindingData(failed), ...about, title: `${cause.oracle} objects: ${cause.what}`, shrunk: sizes };
  }
  const parsed = facts.kind === kindId(PROGRAMS) ? parseCase(shrunk) : undefined;
  if (parsed?.ok !== true) return plain;
  const report = checkOrCrash(parsed.value, stageCheck({ engines: [engine] }));
  const failed = { name, case: parsed.value, report, shrunk: sizes, replay, oracle: cause.oracle };
  return {
    ...(await findingData(failed, machineEvents(parsed.value))),
    ...about,
    title,
  };
}

function verdictOf({ settings, state, findings }: ReadCampaign): VerdictData {
  const { trials, passed } = state.sums;
  const incomparable = [...state.incomparable.values()].reduce((sum, n) => sum + n, 0);
  const detail =
    `${grouped(passed)} of ${grouped(trials)} trials agree, after ${clock(state.elapsedMs)}` +
    `${settings.shard.of === 1 ? "" : `, in shard ${shardText(settings.shard)}`}.`;
  if (findings.length > 0) return { state: "failed", headline: count(findings.length, "finding"), detail };
  if (trials === 0) return { state: "interrupted", headline: "Nothing was tried yet", detail: "" };
  if (incomparable > trials * INCOMPARABLE_LIMIT) {
    const share = percent(incomparable, trials);
    return {
      state: "failed",
      headline: "Not enough was compared",
      detail: `${share} could not be; at most 1 % may be.`,
    };
  }
  return { state: "ok", headline: `All ${grouped(passed)} compared trials agree`, detail };
}

function factsOf(directory: string, { settings, state }: ReadCampaign): readonly FactData[] {
  const { trials, runs, slots, words, executed, steps } = state.sums;
  const { cells, rows, allRows } = coverageOf(state);
  const incomparable = [...state.incomparable.values()].reduce((sum, n) => sum + n, 0);
  const seconds = Math.max(0.001, state.elapsedMs / 1000);
  const facts: Record<string, string> = {
    Seed: String(settings.seed),
    Directory: path.basename(directory),
    Shard: `${shardText(settings.shard)}, ${count(state.lanes.length, "lane")}`,
    Time: clock(state.elapsedMs),
    Engine: settings.engine,
    Oracles: settings.only?.join(", ") ?? "all",
    Feedback: settings.feedback ? "on" : "off",
    Trials: [...state.sumsOf].map(([kind, sums]) => `${grouped(sums.trials)} ${kind}`).join(", "),
    Code: `${grouped(runs)} runs, ${grouped(slots)} BPF slots, ${grouped(words)} A64 words`,
    Executed: `${grouped(executed)} A64 instructions`,
    Histories: `${grouped(steps)} steps`,
    Speed: `${grouped(trials / seconds)} trials a second`,
    Incomparable: `${grouped(incomparable)} (${percent(incomparable, trials)})`,
    "Coverage cells": grouped(cells),
    "Instruction rows": `${rows} of ${allRows} ran`,
  };
  return Object.entries(facts).map(([name, value]) => ({ name, value }));
}

/** A process that was killed may have counted trials that were then run again. */
function inOrder(samples: readonly Sample[]): readonly Sample[] {
  const found: Sample[] = [];
  for (const sample of samples.toSorted((a, b) => a.ms - b.ms)) {
    const last = found.at(-1);
    if (last === undefined || (sample.ms > last.ms && sample.trials >= last.trials)) found.push(sample);
  }
  return found;
}

const MOST_POINTS = 300;

function growthOf(samples: readonly Sample[]): readonly GrowthPoint[] {
  const step = Math.max(1, Math.ceil(samples.length / MOST_POINTS));
  return samples
    .filter((_, i) => i % step === 0 || i === samples.length - 1)
    .map(({ ms, cells, findings }) => ({ elapsedMs: ms, cells, findings }));
}
