// The gate's report as text.

import type { GateReport } from "../gate/gate.js";
import { total } from "../report.js";
import type { KindCount, SequenceReport } from "../sequences/sequences.js";
import { count, percent, seconds, table, wrap } from "./text.js";

export function formatGate(report: GateReport, columns: number): string[] {
  return [
    ...corpusLines(report),
    ...fixedLines(report),
    ...(report.programs === 0 ? ["programs   none were generated"] : programLines(report, columns)),
    ...(report.sequences === undefined ? [] : formatSequences(report.sequences)),
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

function fixedLines({ fixed }: GateReport): string[] {
  if (fixed === undefined) return [];
  const { edges, encoders, encodings } = fixed;
  const asked = encodings === 0 ? "" : ` through ${count(encodings, "encoding")}`;
  return [`fixed      ${count(edges, "edge")}, ${count(encoders, "encoder")}${asked}`];
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

export function formatSequences(report: SequenceReport): string[] {
  const { files, agreeing, sequences, steps, interleavings, failures, stepsPerSecondPerCore } = report;
  const exhaustive = report.allocFree + report.pokes + report.failurePoints > 0;
  return [
    ...(files === 0 ? [] : [`lessons    ${count(files, "file")} that are no programs, ${agreeing} as they say`]),
    ...(sequences === 0
      ? ["histories  none were tried"]
      : [
          `histories  ${sequences} in ${count(steps, "step")}, ${interleavings} interleavings, ${failures} injected failures`,
          `           ${stepsPerSecondPerCore} steps a second per core in the second half, every oracle on`,
        ]),
    `rows       ${cases(report.kernelRows)} of rows that only a verifier makes`,
    `tracing    ${cases(report.tracings)} of functions with programs attached`,
    exhaustive
      ? `small scope  ${report.allocFree} histories of allocations and frees, ${report.pokes} pokes, ` +
        `${report.failurePoints} failure points, in ${seconds(report.exhaustiveMs)}`
      : "small scope  not tried",
  ];
}

const cases = ({ tried, incomparable }: KindCount): string => {
  if (tried === 0) return "no cases";
  return count(tried, "case") + (incomparable === 0 ? "" : `, ${percent(incomparable, tried)} incomparable,`);
};

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
