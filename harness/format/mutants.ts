// The mutants' report as text: one line each, the survivors, and what it comes to.

import { badInputLine } from "../bad-input.js";
import type { BaselineReport } from "../mutants/baselines.js";
import type { MutantResult, MutantsReport } from "../mutants/report.js";
import { clip, count, percent, table, wrap } from "./text.js";

export function formatMutants(report: MutantsReport, columns: number): string[] {
  if (report.control !== undefined) {
    const why = `what is under test fails without any mutant: ${report.control}`;
    return wrap(`${why}. Nothing was counted: run rox gate on it first`.split(" "), columns, "");
  }
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
    ...(report.survivors.length === 0 ? [] : ["survivors:", ...survivorLines(report)]),
    ...(report.equivalent.length === 0 ? [] : ["equivalent by argument:", ...wrap(report.equivalent, columns)]),
    ...report.unreadable.map(badInputLine),
    ...(report.absent ?? []).flatMap(({ id, why }) => wrap(`not in this image: ${id}, ${why}`.split(" "), columns, "")),
    ...(report.broken.length === 0 ? [] : [`${report.broken.length} that do not compile were left out`]),
    summary(report),
  ];
}

const survivorLines = ({ results, survivors }: MutantsReport): string[] =>
  results.filter(({ id }) => survivors.includes(id)).map(({ id, title }) => `  ${id}: ${title}`);

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
  if (report.ok && total === 0) return `OK: nothing to kill, each mutant is argued to be equivalent, seed ${seed}`;
  const time = `median ${medianSeconds.toFixed(2)} s, worst ${worstSeconds.toFixed(2)} s`;
  return `${report.ok ? "OK" : report.interrupted ? "INTERRUPTED" : "FAILED"}: ${killed} of ${count(total, "mutant")} killed (${percent(killed, total)}), ${time}, seed ${seed}`;
}

/** A row for each group, a column for each baseline, and what did not run. */
export function formatBaselines({ planted, killed, left, seed }: BaselineReport): string[] {
  const names = Object.keys(killed);
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  const groups = Object.keys(planted).sort();
  const rows = groups.map((group) => [group, planted[group] ?? 0, ...names.map((name) => killed[name]?.[group] ?? 0)]);
  const total = ["all", sum(planted), ...names.map((name) => sum(killed[name] ?? {}))];
  const lines = [["group", "planted", ...names], ...[...rows, total].map((cells) => cells.map(String))];
  return [
    ...table(lines, names.map((_, i) => i + 2).concat(1)),
    ...Object.entries(left).map(([name, why]) => `${name} did not run: ${why}`),
    `seed ${seed}`,
  ];
}
