// A run of the gate as data for the HTML report.

import { defaultEngine } from "../../engines/index.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { checkerOn } from "../../properties/cases/kind.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import type { Check } from "../../properties/cases/program/report.js";
import type { MatrixCounts } from "../../properties/coverage/matrix.js";
import type { History } from "../../subjects/action.js";
import { defaultSubject } from "../../subjects/index.js";
import { type AnySubject, isKernel } from "../../subjects/program-subject.js";
import type { Subject } from "../../subjects/subject.js";
import { type Counterexample, failedByName, foundCase } from "../counterexample.js";
import { count, percent, seconds } from "../format/text.js";
import type { GateReport, GateResult } from "../gate/gate.js";
import { emittedLowerings, WRITTEN_ROWS } from "../loop/coverage.js";
import { type Origin, originOf, versionText } from "../origin.js";
import { version } from "../project.js";
import { total } from "../report.js";
import { shellWord } from "../shell-word.js";
import {
  type FactData,
  type FindingData,
  type PackHistory,
  type ReportData,
  thinned,
  type VerdictData,
} from "./data.js";
import { findingData } from "./finding-data.js";
import { grouped } from "./html.js";
import { shownPacks, triedOf } from "./pack-map.js";

export interface GateAbout {
  /** Names. */
  readonly engines: readonly string[];
  readonly check: Check;
  /** Index of the first program. */
  readonly from: number;
  /** Its name is as `--subject` takes it. */
  readonly subject: AnySubject;
}

export async function gateData(result: GateResult, about: GateAbout): Promise<ReportData> {
  const { report, tally } = result;
  const { check } = about;
  const seed = report.seed ?? 0;
  const origin = originOf();
  const on = isKernel(about.subject) ? { subject: about.subject } : {};
  const witnesses = { check, engine: defaultEngine(), ...on };
  const findings: FindingData[] = [];
  for (const found of foundBy(result)) findings.push(await findingData(found, witnesses));
  const histories = report.kinds[HISTORIES.name]?.tried ?? 0;
  const packs = isKernel(about.subject) ? packsOn(about.subject, seed, histories) : undefined;
  const lowerings = emittedLowerings(tally.emitted);
  return {
    command: "rox gate",
    version: version(),
    verdict: verdictOf(report),
    facts: factsOf(report, about, origin),
    again: again(report, about),
    knownDefects: report.knownDefects,
    notChecked: report.notChecked,
    findings,
    coverage: {
      lowerings,
      looked: tally.looked,
      programs: report.programs,
      rowsMissing: report.coverage.missing,
      rowsAll: report.coverage.all,
    },
    pace: thinned(tally.pace).map(({ elapsedMs, cases }) => ({ elapsedMs: Math.round(elapsedMs), programs: cases })),
    sizes: report.sizes,
    ...(packs === undefined ? {} : { packs }),
    summary: {
      ...{ format: 1, command: "rox gate", subject: about.subject.name, version: version(), seed, ...origin },
      findings: findings.map(({ cause, name, title }) => ({ cause: cause ?? name, title })),
      points: pointsOf(lowerings, report),
      speed: { perSecond: report.programsPerSecondPerCore, unit: "programs a second of processor time" },
    },
  };
}

/** @param count histories that the run tried, as the subject can run them */
function packsOn(subject: Subject, seed: number, count: number): PackHistory | undefined {
  const { adapt = (c: History) => c } = checkerOn(HISTORIES, subject, [defaultEngine()]);
  const tried = triedOf(seed, count).map(({ history, which }) => ({ history: adapt(history), which }));
  return shownPacks(tried, subject);
}

/** What the coverage section of the page counts: lowerings that were seen, and instruction rows that ran. */
function pointsOf(lowerings: MatrixCounts, { coverage, programs }: GateReport): readonly string[] {
  const emitted = Object.entries(lowerings).flatMap(([row, by]) => Object.keys(by).map((how) => `${row}, ${how}`));
  const missing = new Set(coverage.missing);
  const ran = programs === 0 ? [] : WRITTEN_ROWS.filter((row) => !missing.has(row));
  return [...emitted, ...ran].sort();
}

const again = ({ seed, programs }: GateReport, { from, subject }: GateAbout): string =>
  `npx rox gate${subject === defaultSubject ? "" : ` --subject ${shellWord(subject.name)}`} --seed ${seed}` +
  `${from === 0 ? "" : ` --from ${from}`} --programs ${Math.max(1, programs)}`;

/** What was made smaller, and failures that were not. */
function foundBy({ report, findings }: GateResult): readonly Counterexample[] {
  const shrunk = findings.map(foundCase);
  const files = new Set(shrunk.map(({ file }) => file));
  return [...shrunk, ...report.failures.filter(({ name }) => !files.has(name)).map(failedByName)];
}

function verdictOf(report: GateReport): VerdictData {
  const passed = `${grouped(report.passed)} of ${grouped(report.total)} agree`;
  const time = `Checked in ${seconds(report.durationMs)}.`;
  if (report.interrupted) return { state: "interrupted", headline: "Interrupted", detail: `${passed} so far.` };
  if (report.ok) return { state: "ok", headline: `All ${grouped(report.passed)} cases agree`, detail: time };
  if (report.failed > 0) {
    return { state: "failed", headline: count(report.failed, "counterexample"), detail: `${passed}. ${time}` };
  }
  if (report.unreadable.length > 0) {
    return { state: "failed", headline: `${count(report.unreadable.length, "file")} unusable`, detail: time };
  }
  const share = percent(report.incomparable, total(report));
  const why = report.passed === 0 ? "Nothing was compared." : `${share} could not be compared; at most 1 % may be.`;
  return { state: "failed", headline: "Not enough was compared", detail: why };
}

const runsByEngine = (runs: GateReport["runs"]): string =>
  Object.entries(runs)
    .map(([engine, n]) => `${grouped(n)} times on ${engine}`)
    .join(", ");

function factsOf(report: GateReport, { engines, subject }: GateAbout, { date, host, commit }: Origin): FactData[] {
  const { corpus, coverage, seed, jobs } = report;
  const facts: Record<string, string> = {
    Subject: subject.name,
    Seed: String(seed),
    ...{ Date: date, Host: host, Version: versionText(version(), commit) },
    Time: seconds(report.durationMs),
    Engine: engines.join(", "),
    Corpus: corpus.files === 0 ? "not run" : `${corpus.passed} of ${count(corpus.files, "file")} agree`,
    Programs: "not run",
  };
  const ran: Record<string, string> = {
    Programs: `${grouped(report.programs)}, run ${runsByEngine(report.runs)}`,
    Code: `${grouped(report.slots)} BPF slots, ${grouped(report.words)} A64 words`,
    Executed: `${grouped(report.executed)} A64 instructions`,
    Speed: `${grouped(report.programsPerSecondPerCore)} programs a second of processor time, ${count(jobs, "job")}`,
    ...comparedFacts(report.incomparable, report.lacking ?? 0, report.total),
    "Instruction rows": `${coverage.reached} of ${coverage.all} reached`,
  };
  return Object.entries({ ...facts, ...(report.programs === 0 ? {} : ran), ...otherFacts(report) }).map(
    ([name, value]) => ({ name, value }),
  );
}

/** What the subject does not have is no failure to compare. */
export const comparedFacts = (incomparable: number, lacking: number, all: number): Record<string, string> => ({
  Incomparable: `${grouped(incomparable - lacking)} (${percent(incomparable - lacking, all)})`,
  ...(lacking === 0 ? {} : { "Not for this subject": `${grouped(lacking)} of ${grouped(all)} cases` }),
});

/** What was tried beside programs. */
function otherFacts({ directed, kinds, exhaustive }: GateReport): Record<string, string> {
  const others = Object.entries(kinds).filter(([name]) => name !== PROGRAMS.name);
  return {
    Directed:
      directed.cases === 0 ? "not run" : `${count(directed.cases, "case")}, ${count(directed.encoders, "encoder")}`,
    ...Object.fromEntries(
      others.map(([name, { tried, steps }]) => [
        `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
        tried === 0 ? "not run" : `${grouped(tried)} cases${steps === 0 ? "" : ` in ${grouped(steps)} steps`}`,
      ]),
    ),
    Exhaustive:
      exhaustive === undefined
        ? "not run"
        : `${grouped(exhaustive.allocFree)} histories, ${grouped(exhaustive.pokes)} pokes, ` +
          `${grouped(exhaustive.failurePoints)} failure points, ${grouped(exhaustive.twoCpus)} interleavings of two CPUs`,
  };
}
