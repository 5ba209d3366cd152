// The gate's report as text.

import { PROGRAMS } from "../../properties/cases/program/index.js";
import type { GateReport, KindReport } from "../gate/gate.js";
import { total } from "../report.js";
import { count, percent, seconds, table, wrap } from "./text.js";

export function formatGate(report: GateReport, columns: number): string[] {
  return [
    ...corpusLines(report),
    ...directedLines(report),
    ...(report.programs === 0 ? ["programs   none were generated"] : programLines(report, columns)),
    ...kindLines(report),
    exhaustiveLine(report),
    "not checked:",
    ...report.notChecked.flatMap((line) => wrap(`- ${line}`.split(" "), columns, "  ")),
    verdictLine(report),
  ];
}

const corpusLines = ({ corpus }: GateReport): string[] => [
  corpus.directory === undefined
    ? "corpus     none"
    : `corpus     ${count(corpus.files, "file")}, ${corpus.passed} agree, ${corpus.failures.length} differ, ` +
      `${corpus.incomparable} incomparable, ${corpus.unreadable.length} unreadable`,
];

function directedLines({ directed }: GateReport): string[] {
  const { cases, encoders, encodings } = directed;
  const asked = encodings === 0 ? "" : ` through ${count(encodings, "encoding")}`;
  return [`directed   ${count(cases, "case")}, ${count(encoders, "encoder")}${asked}`];
}

function programLines(report: GateReport, columns: number): string[] {
  const { programs, runs, slots, words, executed, coverage, jobs } = report;
  const why = Object.entries(report.incomparableWhy).sort(([, a], [, b]) => b.programs - a.programs);
  return [
    `programs   ${programs}, run ${runsByEngine(runs)}`,
    `code       ${slots} BPF slots, ${words} A64 words, ${executed} A64 instructions executed`,
    `speed      ${report.programsPerSecondPerCore} compared programs a second of processor time, ${count(jobs, "job")}`,
    `coverage   ${coverage.reached} of ${coverage.all} instruction rows`,
    ...(coverage.missing.length === 0 ? [] : ["  missing:", ...wrap(coverage.missing, columns, "    ", ", ")]),
    "sizes      programs by number of slots:",
    ...sizeLines(report),
    `incomparable  ${report.incomparable} (${percent(report.incomparable, total(report))})`,
    ...why.slice(0, 8).map(([reason, { programs: n, first }]) => `  ${n}  ${reason} (the first: program ${first})`),
  ];
}

/** `30 times on wasm and 30 on reference`. */
const runsByEngine = (runs: GateReport["runs"]): string =>
  Object.entries(runs)
    .map(([engine, n], i) => `${n}${i === 0 ? " times" : ""} on ${engine}`)
    .join(" and ");

function kindLines(report: GateReport): string[] {
  const others = Object.entries(report.kinds).filter(([name]) => name !== PROGRAMS.name);
  return table(others.flatMap(([name, kind]) => kindRows(name, kind)));
}

function kindRows(name: string, report: KindReport): string[][] {
  const { tried, incomparable, steps, interleavings, failures, stepsPerSecondPerCore } = report;
  const label = name.padEnd(LABEL);
  if (tried === 0) return [[label, "none were tried"]];
  const not = incomparable === 0 ? "" : `, ${percent(incomparable, tried)} incomparable`;
  if (steps === 0) return [[label, `${tried}${not}`]];
  return [
    [label, `${tried} in ${count(steps, "step")}, ${interleavings} interleavings, ${failures} injected failures${not}`],
    ["", `${stepsPerSecondPerCore} steps a second per core in the second half, every oracle on`],
  ];
}

/** As wide as the other labels. */
const LABEL = "programs ".length;

const exhaustiveLine = ({ exhaustive }: GateReport): string =>
  exhaustive === undefined
    ? "exhaustive not tried"
    : `exhaustive ${exhaustive.allocFree} histories of allocations and frees, ${exhaustive.pokes} pokes, ` +
      `${exhaustive.failurePoints} failure points, in ${seconds(exhaustive.ms)}`;

function sizeLines({ sizes }: GateReport): string[] {
  const largest = Math.max(1, ...sizes.map(({ programs }) => programs));
  const rows = sizes.map(({ upTo, programs }, i) => [
    upTo === null ? `over ${sizes[i - 1]?.upTo}` : `to ${upTo}`,
    String(programs),
    "#".repeat(Math.ceil((30 * programs) / largest)),
  ]);
  return table(rows, [1]).map((line) => `  ${line}`);
}

function verdictLine(report: GateReport): string {
  const time = `in ${seconds(report.durationMs)}, seed ${report.seed}`;
  if (report.interrupted) return `INTERRUPTED ${time}: ${report.passed} compared so far`;
  if (report.ok) return `OK ${time}: ${report.passed} agree`;
  if (report.failed > 0) return `FAILED ${time}: ${count(report.failed, "counterexample")}`;
  if (report.unreadable.length > 0) return `FAILED ${time}: ${count(report.unreadable.length, "file")} unusable`;
  if (report.passed === 0) return `FAILED ${time}: nothing was compared`;
  return `FAILED ${time}: ${percent(report.incomparable, report.total)} incomparable, at most 1 % may be`;
}
