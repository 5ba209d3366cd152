// A campaign as data for the HTML report, out of its directory: of one that has ended, was stopped, or is still at work.

import path from "node:path";
import { engineByName } from "../../engines/index.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { parseHistory } from "../../properties/cases/history/text.js";
import { makeCheck } from "../../properties/cases/program/check.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { defaultSubject } from "../../subjects/index.js";
import { openSubject } from "../../subjects/open.js";
import { isKernel } from "../../subjects/program-subject.js";
import type { Subject } from "../../subjects/subject.js";
import { foundCause } from "../counterexample.js";
import { clock } from "../format/fuzz.js";
import { count, percent } from "../format/text.js";
import { NOT_CHECKED } from "../gate/not-checked.js";
import { readTextFile } from "../input-file.js";
import { isOfWorker } from "../loop/cause.js";
import { coverage, coverageOf, emittedLowerings, ranRows, WRITTEN_ROWS } from "../loop/coverage.js";
import { caseFileOf } from "../loop/findings.js";
import { replayOf } from "../loop/fuzz.js";
import type { ReadCampaign, Sample } from "../loop/read.js";
import { seedNames, seedsDirectory } from "../loop/seeds.js";
import { shardText } from "../loop/shard.js";
import { versionText } from "../origin.js";
import { INCOMPARABLE_LIMIT } from "../report.js";
import { shellWord } from "../shell-word.js";
import { campaignSummary, perSecond } from "./campaign-summary.js";
import {
  type FactData,
  type FindingData,
  type PackHistory,
  type ReportData,
  thinned,
  type VerdictData,
} from "./data.js";
import { findingData } from "./finding-data.js";
import { comparedFacts } from "./gate-data.js";
import { grouped } from "./html.js";
import { shownPacks } from "./pack-map.js";

export async function campaignData(directory: string, campaign: ReadCampaign): Promise<ReportData> {
  const { settings, state, samples } = campaign;
  const engine = engineByName(settings.engine);
  // Cases are not run on an engine that is not here.
  const opened = openSubject(settings.subject ?? defaultSubject.name);
  const kernel = opened.ok && isKernel(opened.subject) ? opened.subject : undefined;
  // Nor on a subject that is gone.
  const witnesses =
    opened.ok && engine !== undefined
      ? { engine, check: makeCheck({ engines: [engine] }), ...(kernel && { subject: kernel }) }
      : undefined;
  const findings: FindingData[] = [];
  for (const { facts, shrunk, times, seen, forms } of campaign.findings) {
    const found = {
      ...foundCause(facts, shrunk, replayOf(directory, facts)),
      times,
      file: caseFileOf(directory, facts),
    };
    const names = forms.map((form) => form.facts.name);
    findings.push({
      ...(await findingData(found, witnesses)),
      ...(seen === undefined ? {} : { seen }),
      ...(names.length === 0 ? {} : { forms: names }),
    });
  }
  const packs = kernel && packsOf(directory, campaign, kernel);
  const points = inOrder(samples);
  const programs = state.sumsOf.get(PROGRAMS.name)?.cases ?? 0;
  return {
    command: "rox fuzz",
    version: settings.version,
    verdict: verdictOf(campaign),
    facts: factsOf(directory, campaign),
    again: `npx rox fuzz --resume ${shellWord(directory)}`,
    knownDefects: [],
    notChecked: NOT_CHECKED,
    findings,
    coverage: {
      lowerings: emittedLowerings(state.emitted),
      looked: programs,
      programs,
      rowsMissing: coverage(ranRows(state)).missing,
      rowsAll: WRITTEN_ROWS.length,
    },
    pace: thinned(points.map(({ ms, cases }) => ({ elapsedMs: ms, programs: cases }))),
    growth: thinned(
      points.map(({ ms, points: reached, findings: found }) => ({ elapsedMs: ms, points: reached, findings: found })),
    ),
    sizes: [],
    ...(packs === undefined ? {} : { packs }),
    summary: campaignSummary(campaign),
  };
}

/** Of the histories that broke something, as they were before they were made smaller, or of those that reached most. */
function packsOf(directory: string, { findings }: ReadCampaign, subject: Subject): PackHistory | undefined {
  const broken = findings.filter(({ facts }) => facts.kind === HISTORIES.name && !isOfWorker(facts.cause));
  const tried = broken.flatMap(({ facts, original }) => {
    const history = parseHistory(original);
    return history.ok ? [{ history: history.value, which: `The history that ${facts.name} was found with` }] : [];
  });
  const seeds = seedNames(directory).filter((name) => name.startsWith(HISTORIES.name));
  const reached = seeds.slice(0, MOST_SEEDS).flatMap((name) => {
    const text = readTextFile(path.join(seedsDirectory(directory), name));
    const history = text.ok ? parseHistory(text.value) : undefined;
    return history?.ok === true ? [{ history: history.value, which: `The history of seed ${name}` }] : [];
  });
  return shownPacks([...tried, ...reached], subject);
}

/** Histories that are looked at for the fullest. */
const MOST_SEEDS = 20;

function verdictOf({ settings, state, findings }: ReadCampaign): VerdictData {
  const { cases, passed } = state.sums;
  const incomparable = [...state.incomparable.values()].reduce((sum, n) => sum + n, 0);
  const detail =
    `${grouped(passed)} of ${grouped(cases)} cases agree, after ${clock(state.elapsedMs)}` +
    `${settings.shard.of === 1 ? "" : `, in shard ${shardText(settings.shard)}`}.`;
  if (findings.length > 0) return { state: "failed", headline: count(findings.length, "finding"), detail };
  if (cases === 0) return { state: "interrupted", headline: "Nothing was tried yet", detail: "" };
  if (incomparable - state.sums.refused > cases * INCOMPARABLE_LIMIT) {
    const share = percent(incomparable, cases);
    return {
      state: "failed",
      headline: "Not enough was compared",
      detail: `${share} could not be; at most 1 % may be.`,
    };
  }
  return { state: "ok", headline: `All ${grouped(passed)} compared cases agree`, detail };
}

function factsOf(directory: string, { settings, state }: ReadCampaign): readonly FactData[] {
  const { cases, runs, slots, words, executed, steps } = state.sums;
  const { points, rows, allRows } = coverageOf(state);
  const incomparable = [...state.incomparable.values()].reduce((sum, n) => sum + n, 0);
  const facts: Record<string, string> = {
    Subject: settings.subject ?? defaultSubject.name,
    Seed: String(settings.seed),
    Date: settings.origin?.date ?? "unknown",
    Host: settings.origin?.host ?? "unknown",
    Version: versionText(settings.version, settings.origin?.commit),
    Directory: path.basename(directory),
    Shard: `${shardText(settings.shard)}, ${count(state.lanes.length, "lane")}`,
    Time: clock(state.elapsedMs),
    Engine: settings.engine,
    Oracles: settings.only?.join(", ") ?? "all",
    Feedback: settings.feedback ? "on" : "off",
    Cases: [...state.sumsOf].map(([kind, sums]) => `${grouped(sums.cases)} ${kind}`).join(", "),
    Code: `${grouped(runs)} runs, ${grouped(slots)} BPF slots, ${grouped(words)} A64 words`,
    Executed: `${grouped(executed)} A64 instructions`,
    Histories: `${grouped(steps)} steps`,
    Speed: `${grouped(perSecond(state))} cases a second`,
    ...comparedFacts(incomparable, state.sums.refused, cases),
    "Coverage points": grouped(points),
    "Instruction rows": `${rows} of ${allRows} ran`,
  };
  return Object.entries(facts).map(([name, value]) => ({ name, value }));
}

/** A process that was killed may have counted cases that were then run again. */
function inOrder(samples: readonly Sample[]): readonly Sample[] {
  const found: Sample[] = [];
  for (const sample of samples.toSorted((a, b) => a.ms - b.ms)) {
    const last = found.at(-1);
    if (last === undefined || (sample.ms > last.ms && sample.cases >= last.cases)) found.push(sample);
  }
  return found;
}
