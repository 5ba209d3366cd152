// A conformance report as text.

import type { ConformReport } from "../conform.js";
import { count, differenceLine, seconds, table, wrap } from "./text.js";

export function formatConform(report: ConformReport, columns: number): string[] {
  const { interpreter, jit, groups, restricted, uncompared, refused, failures } = report;
  const ran = interpreter.passed + interpreter.failed;
  const rows = Object.entries(groups).map(([name, g]) => [name, `${g.files}`, `${g.interpreter}`, `${g.jit}`]);
  return [
    ...table([["group", "files", "interpreter", "JIT"], ...rows], [1, 2, 3]),
    ...table(
      [
        ["interpreter", `${interpreter.passed} of ${ran}`],
        ["JIT", `${jit.passed} of ${ran}`],
        ["must be refused", `${refused.length} refused`],
      ],
      [1],
    ),
    ...restricted.flatMap(({ name, why }) => [`restricted  ${name}:`, ...wrap(why.split(" "), columns, "    ")]),
    ...uncompared.flatMap(({ name, why }) => [`incomparable  ${name}:`, ...wrap(why.split(" "), columns, "    ")]),
    ...failures.map((failure) => `FAILED ${failure.name}: ${differenceLine(failure)}`),
    conclusion(report),
  ];
}

function conclusion(report: ConformReport): string {
  const time = `in ${seconds(report.durationMs)}`;
  if (report.interrupted) return `INTERRUPTED ${time}: ${report.passed} of ${report.total} tests as expected so far`;
  const verdict = report.ok ? "OK" : "FAILED";
  const unreadable = report.unreadable.length === 0 ? "" : `, ${count(report.unreadable.length, "file")} unreadable`;
  return `${verdict} ${time}: ${report.passed} of ${count(report.total, "test")} as expected${unreadable}`;
}
