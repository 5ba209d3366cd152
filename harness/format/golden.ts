// A report on recordings as text.

import { unwitnessed } from "../golden/coverage.js";
import type { GoldenReport } from "../golden/golden.js";
import { answerLines, count, seconds, table, wrap } from "./text.js";

export function formatGolden(report: GoldenReport, shownFailures: number): string[] {
  const { images, bytesEqual, results, resultsEqual, families, failures, notCompared, filtered, leftOut } = report;
  const rows = Object.entries(families).map(([name, f]) => [
    name,
    `${f.programs}`,
    `${f.bytesEqual} of ${f.images}`,
    f.results === 0 ? "-" : `${f.resultsEqual} of ${f.results}`,
  ]);
  const head = ["family", "programs", "images equal", "results equal"];
  const programs = Object.values(families).reduce((n, f) => n + f.programs, 0);
  const sum = ["all", `${programs}`, `${bytesEqual} of ${images}`, `${resultsEqual} of ${results}`];
  return [
    ...(rows.length === 0 ? [] : table([head, ...rows, sum], [1, 2, 3])),
    ...(filtered === 0 ? [] : [`${count(filtered, "program")} left out by --family or --cpu`]),
    ...notCompared
      .slice(0, shownFailures)
      .map(({ why, programs, first }) => `result not compared: ${count(programs, "program")} as ${first}: ${why}`),
    ...report.traces.map(traceLine),
    ...leftOut.map(({ name, why }) => `left out ${name}: ${why}`),
    ...failures
      .slice(0, shownFailures)
      .flatMap((failure) => [`FAILED ${failure.name}: ${failure.where}`, ...answerLines(failure)]),
    ...(failures.length > shownFailures ? [`and ${failures.length - shownFailures} more failures`] : []),
    conclusion(report),
  ];
}

const traceLine = ({ name, loads, equal, packsMade, packsReturned, large }: GoldenReport["traces"][number]): string =>
  `${name}: ${equal} of ${count(loads, "load")} where the kernel put them by both allocators; ` +
  `${count(packsMade, "new pack")}, ${packsReturned} returned, ${large} larger than a pack`;

function conclusion(report: GoldenReport): string {
  const time = `in ${seconds(report.durationMs)}`;
  if (report.interrupted) return `INTERRUPTED ${time}: ${report.passed} of ${report.total} equal so far`;
  const unreadable = report.unreadable.length === 0 ? "" : `, ${count(report.unreadable.length, "record")} unreadable`;
  const open = report.incomparable === 0 ? "" : `, ${count(report.incomparable, "result")} not compared`;
  const equal = `${report.passed} of ${count(report.total, what(report))} equal`;
  return `${report.ok ? "OK" : "FAILED"} ${time}: ${equal}${open}${unreadable}`;
}

/** What was compared: programs, loads of a history, or both. */
function what({ families, traces }: GoldenReport): string {
  if (traces.length === 0) return "program";
  return Object.keys(families).length === 0 ? "load" : "record";
}

function profileLines(profiles: GoldenReport["coverage"]["profiles"]): string[] {
  const all = Object.entries(profiles);
  const seen = all.flatMap(([name, n]) => (n > 0 ? [`${name} ${n}`] : []));
  const unseen = all.flatMap(([name, n]) => (n > 0 ? [] : [name]));
  return [
    `profiles: byte-equal recordings of ${seen.length === 0 ? "none" : seen.join(", ")}`,
    ...(unseen.length === 0 ? [] : [`  without a recording: ${unseen.join(", ")}`]),
  ];
}

/** The instruction table with the number of byte-equal programs that use each row. */
export function formatCoverage({ coverage }: GoldenReport, columns: number): string[] {
  const counts = Object.entries(coverage.witnesses).map(([id, n]) => `${id} ${n}`);
  return [
    `coverage: ${coverage.reached} of ${coverage.all} instruction rows have a byte-equal witness`,
    ...wrap(counts, columns, "  ", ", "),
    ...profileLines(coverage.profiles),
    ...[...unwitnessed(coverage.missing)].flatMap(([why, ids]) => [
      `without one, since ${why}:`,
      ...wrap(ids, columns, "  ", ", "),
    ]),
  ];
}
