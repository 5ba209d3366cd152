// The mutants' report as text: one line each, the survivors, and what it comes to.

import type { MutantResult, MutantsReport } from "../mutants/report.js";
import { clip, count, percent, table, wrap } from "./text.js";

export function formatMutants(report: MutantsReport, columns: number): string[] {
  if (report.control !== undefined) return [`the sources without any mutant fail: ${report.control}`];
  const rows = report.results.map(row);
  const lines = table([["id", "by", "cases", "seconds", "size", "title"], ...rows], [2, 3, 4]);
  const oracles = Object.entries(report.oracles).sort(([, a], [, b]) => b - a);
  return [
    ...lines.map((line) => clip(line, columns)),
    "killed by:",
    ...wrap(
      oracles.map(([oracle, n]) => `${oracle} ${n}`),
      columns,
      "  ",
      ", ",
    ),
    ...(report.survivors.length === 0 ? [] : ["survivors:", ...wrap(report.survivors, columns, "  ", ", ")]),
    ...(report.equivalent.length === 0 ? [] : ["equivalent by argument:", ...wrap(report.equivalent, columns)]),
    ...(report.broken.length === 0 ? [] : [`${report.broken.length} that do not compile were left out`]),
    summary(report),
  ];
}

function row(result: MutantResult): string[] {
  const killed = result.kind === "killed";
  const by = killed
    ? `${result.search}: ${result.oracle}`
    : result.equivalent === undefined
      ? "SURVIVED"
      : "equivalent";
  const size = result.witness?.size;
  return [
    result.id,
    by,
    String(result.cases),
    result.seconds.toFixed(2),
    size === undefined ? "" : String(size),
    result.title,
  ];
}

function summary(report: MutantsReport): string {
  const { killed, total, medianSeconds, worstSeconds, seed } = report;
  const time = `median ${medianSeconds.toFixed(2)} s, worst ${worstSeconds.toFixed(2)} s`;
  return `${report.ok ? "OK" : report.interrupted ? "INTERRUPTED" : "FAILED"}: ${killed} of ${count(total, "mutant")} killed (${percent(killed, total)}), ${time}, seed ${seed}`;
}
