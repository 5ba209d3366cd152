// A run of the gate as data for the HTML report.

import path from "node:path";
import { type Check, checkExpected } from "../../properties/cases/check-or-crash.js";
import { loadCaseText } from "../case-file.js";
import { count, percent, seconds } from "../format/text.js";
import type { GateReport, GateResult } from "../gate/gate.js";
import type { Tally } from "../gate/tally.js";
import { version } from "../project.js";
import { total } from "../report.js";
import type { FactData, FindingData, PacePoint, ReportData, VerdictData } from "./data.js";
import { machineEvents } from "./event-text.js";
import { type FailedCase, findingData } from "./finding-data.js";
import { caseFindingData, plainFailureData } from "./gate-findings.js";
import { grouped } from "./html.js";
import { demonstration } from "./pack-demo.js";

export interface GateAbout {
  /** Names. */
  readonly engines: readonly string[];
  readonly check: Check;
  /** Index of the first program. */
  readonly from: number;
}

export async function gateData(result: GateResult, { engines, check, from }: GateAbout): Promise<ReportData> {
  const { report, tally } = result;
  const failed = failedCases(result, check);
  const findings: FindingData[] = [];
  for (const one of failed) findings.push(await findingData(one, machineEvents(one.case)));
  findings.push(...otherFindings(result, failed.length));
  return {
    command: "rox gate",
    version: version(),
    verdict: verdictOf(report),
    facts: factsOf(report, engines),
    again: again(report, from),
    notChecked: report.notChecked,
    findings,
    coverage: {
      cells: tally.cells,
      counted: "instructions",
      looked: tally.cellPrograms,
      programs: tally.programs,
      rowsMissing: report.coverage.missing,
      rowsAll: report.coverage.all,
    },
    pace: thinned(tally.pace),
    sizes: report.sizes,
    packs: demonstration(report.seed ?? 0),
  };
}

const again = ({ seed, programs }: GateReport, from: number): string =>
  `npx rox gate --seed ${seed}${from === 0 ? "" : ` --from ${from}`} --programs ${Math.max(1, programs)}`;

/** The shrunk counterexample, and the files of the corpus that fail. */
function failedCases({ report, finding }: GateResult, check: Check): FailedCase[] {
  const found: FailedCase[] = [];
  if (finding !== undefined) {
    const { case: c, report: checked, file, before, after } = finding;
    const replay = report.failures.find(({ name }) => name === file)?.replay ?? "";
    found.push({ name: nameOf(file), case: c, report: checked, shrunk: { before, after }, replay });
  }
  for (const { name, replay = "" } of report.corpus.failures) {
    const c = loadCaseText(name);
    if (c.ok) found.push({ name: nameOf(name), case: c.value, report: checkExpected(c.value, check), replay });
  }
  return found;
}

/** Of the other kinds, and failures that are no cases. The programs among the failures are shown already. */
function otherFindings({ report, finding, caseFindings }: GateResult, programs: number): FindingData[] {
  const shown = new Set([finding?.file, ...caseFindings.map(({ file }) => file)]);
  const programFiles = new Set(programs === 0 ? [] : report.corpus.failures.map(({ name }) => name));
  const plain = report.failures.filter(({ name }) => !shown.has(name) && !programFiles.has(name));
  return [...caseFindings.map(caseFindingData), ...plain.map(plainFailureData)];
}

const nameOf = (file: string): string => path.basename(file, path.extname(file));

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

function factsOf(report: GateReport, engines: readonly string[]): FactData[] {
  const { corpus, coverage, seed, jobs } = report;
  const facts: Record<string, string> = {
    Seed: String(seed),
    Time: seconds(report.durationMs),
    Engine: engines.join(", "),
    Corpus: corpus.files === 0 ? "none" : `${corpus.passed} of ${count(corpus.files, "file")} agree`,
    Programs: "none",
  };
  const ran: Record<string, string> = {
    Programs: `${grouped(report.programs)}, run ${runsByEngine(report.runs)}`,
    Code: `${grouped(report.slots)} BPF slots, ${grouped(report.words)} A64 words`,
    Executed: `${grouped(report.executed)} A64 instructions`,
    Speed: `${grouped(report.programsPerSecondPerCore)} programs a second of processor time, ${count(jobs, "job")}`,
    Incomparable: `${grouped(report.incomparable)} (${percent(report.incomparable, report.total)})`,
    "Instruction rows": `${coverage.reached} of ${coverage.all} reached`,
  };
  return Object.entries({ ...facts, ...(report.programs === 0 ? {} : ran), ...otherFacts(report) }).map(
    ([name, value]) => ({ name, value }),
  );
}

/** What was tried beside programs. */
function otherFacts({ fixed, sequences }: GateReport): Record<string, string> {
  const facts: Record<string, string> = {};
  if (fixed !== undefined) facts.Fixed = `${count(fixed.edges, "edge")}, ${count(fixed.encoders, "encoder")}`;
  if (sequences === undefined) return facts;
  const {
    files,
    agreeing,
    sequences: histories,
    steps,
    kernelRows,
    tracings,
    allocFree,
    pokes,
    failurePoints,
  } = sequences;
  return {
    ...facts,
    "Other lessons": `${agreeing} of ${files} agree`,
    Histories: `${grouped(histories)} in ${grouped(steps)} steps`,
    "Verifier's rows": `${grouped(kernelRows.tried)} cases`,
    Tracing: `${grouped(tracings.tried)} cases`,
    "Small scope":
      allocFree + pokes + failurePoints === 0
        ? "not tried"
        : `${grouped(allocFree)} histories, ${grouped(pokes)} pokes, ${grouped(failurePoints)} failure points`,
  };
}

const MOST_POINTS = 500;

/** Every n-th point and the last one. */
export function thinned(pace: Tally["pace"], most = MOST_POINTS): readonly PacePoint[] {
  const step = Math.max(1, Math.ceil(pace.length / most));
  return pace
    .filter((_, i) => i % step === step - 1 || i === pace.length - 1)
    .map(({ elapsedMs, programs }) => ({ elapsedMs: Math.round(elapsedMs), programs }));
}
