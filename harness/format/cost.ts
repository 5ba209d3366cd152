// What a workload costs, as a table: a row for each kind that is counted, a column for each allocator and version.

import type { Column, CostReport } from "../cost/cost.js";
import { COUNTED, type Counted } from "../cost/counts.js";
import { CALIBRATED, ESTIMATES } from "../cost/unit-costs.js";
import { grouped } from "../report/html.js";
import { clip, table, wrap } from "./text.js";

/** `83.91 M`: where the exact numbers do not fit. */
const compact = (n: number): string => (n < 100_000 ? grouped(n) : `${(n / 1e6).toFixed(2)} M`);

const LOCKS = { patchLock: "patch_lock", packMutex: "pack_mutex", textMutex: "text_mutex" } as const;

export function formatCost(report: CostReport, columns: number): string[] {
  const { columns: all, workload, about, subject, seed, every, error } = report;
  if (all.length === 0) return ["INTERRUPTED: nothing was counted"];
  const exact = rowsOf(all, grouped);
  const fits = table(exact).every((line) => line.length <= columns);
  return [
    `${workload}, ${subject}, seed ${seed}`,
    ...wrap(about.split(" "), columns),
    ...(every > 1 ? [`  one round in ${every} was run; instructions are off by ${(100 * error).toFixed(3)} %`] : []),
    "",
    ...table(
      fits ? exact : rowsOf(all, compact),
      all.map((_, i) => i + 1),
    ).map((line) => clip(line, columns)),
    "",
    ...all.flatMap((column) => whereTimeGoes(column, columns)),
    ...notes(all, columns),
    report.interrupted ? "INTERRUPTED" : "OK",
  ];
}

function rowsOf(all: readonly Column[], shown: (n: number) => string): string[][] {
  return [
    ["", ...all.map(({ name }) => name)],
    ...countRows(all, shown),
    ...peakRows(all, shown),
    ...(Object.keys(LOCKS) as (keyof typeof LOCKS)[]).flatMap((lock) =>
      all.every(({ longest }) => longest[lock] === 0)
        ? []
        : [[`longest under ${LOCKS[lock]}`, ...all.map(({ longest }) => microseconds(longest[lock]))]],
    ),
    ["time", ...all.map((column) => timeOf(column))],
    ...(all.some(({ letter }) => letter !== undefined)
      ? [["cover letter", ...all.map(({ letter }) => letter ?? "-")]]
      : []),
  ];
}

const countRows = (all: readonly Column[], shown: (n: number) => string): string[][] =>
  (Object.keys(COUNTED) as Counted[])
    .filter((kind) => all.some(({ counts }) => counts[kind] > 0))
    .map((kind) => [COUNTED[kind], ...all.map(({ counts }) => shown(counts[kind]))]);

const peakRows = (all: readonly Column[], shown: (n: number) => string): string[][] => [
  ["most pages at one time", ...all.map(({ peaks }) => shown(peaks.areaPages))],
  ["most heap bytes at one time", ...all.map(({ peaks }) => shown(peaks.heapBytes))],
];

const microseconds = (ns: number): string => (ns === 0 ? "-" : `${(ns / 1000).toFixed(ns < 100_000 ? 1 : 0)} us`);

const short = (s: number): string => (s < 1 ? `${(1000 * s).toFixed(s < 0.1 ? 1 : 0)} ms` : `${s.toFixed(1)} s`);

/** A calibrated time is that of the letter at every level; a predicted one is a range. */
function timeOf({ seconds: { low, high, mid }, calibrated }: Column): string {
  if (calibrated) return `= ${short(mid)}`;
  const [least, most] = [Math.min(low, high), Math.max(low, high)];
  if (least < 1 && most >= 1) return `${least.toFixed(1)}..${most.toFixed(1)} s`;
  return short(least) === short(most) ? short(mid) : `${short(least).replace(/ m?s$/, "")}..${short(most)}`;
}

function whereTimeGoes({ name, seconds, dearest }: Column, columns: number): string[] {
  const parts = dearest.map(([kind, s]) => `${COUNTED[kind]} ${short(s)}`);
  return wrap([`${name}: ${short(seconds.mid)}, of that`, `${parts.join(", ")}`].join(" ").split(" "), columns, "");
}

function notes(all: readonly Column[], columns: number): string[] {
  const predicted = all.filter(({ calibrated }) => !calibrated).map(({ name }) => name);
  const solved = Object.entries(CALIBRATED).map(([kind, what]) => `${COUNTED[kind as Counted]} (${what})`);
  const text = [
    "Counts are exact. Times are estimates for the letter's machine: 32 virtual CPUs.",
    `Solved for, so that the letter's rows with and without the series come out: ${solved.join("; ")}.`,
    predicted.length > 0 ? `Predicted: ${predicted.join(", ")}, as the range that the estimates leave.` : "",
    `Estimated: ${ESTIMATES.map(({ kind, mid }) => `${COUNTED[kind]} ${mid} ns`).join(", ")}.`,
  ];
  return ["", ...text.filter((line) => line !== "").flatMap((line) => wrap(line.split(" "), columns, ""))];
}
