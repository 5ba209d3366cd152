// The small drawings of a run: how fast it went, what it reached over its time, and how large its programs were.

import * as Plot from "@observablehq/plot";
import type { GrowthPoint, PacePoint, ReportData } from "./data.js";
import { draw } from "./drawing.js";
import { counted, grouped } from "./html.js";

const WIDTH = 520;
const HEIGHT = 220;
/** Stretches of time that a rate is taken over. */
const STRETCHES = 48;

interface Rate {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  /** Programs a second. */
  readonly rate: number;
}

/** Rates over stretches of equal length, or of one point each where there are fewer. Points are in order of time. */
export function rates(pace: readonly PacePoint[], stretches = STRETCHES): readonly Rate[] {
  const end = pace.at(-1);
  if (end === undefined) return [];
  const length = end.elapsedMs / stretches;
  const found: Rate[] = [];
  let from: PacePoint = { elapsedMs: 0, programs: 0 };
  for (const point of pace) {
    const ms = point.elapsedMs - from.elapsedMs;
    if (ms <= 0 || (ms < length && point !== end)) continue;
    found.push({
      from: from.elapsedMs / 1000,
      to: point.elapsedMs / 1000,
      rate: (1000 * (point.programs - from.programs)) / ms,
    });
    from = point;
  }
  return found;
}

/** Undefined if there are too few points to draw. */
export function drawPace(pace: readonly PacePoint[], what = "program"): string | undefined {
  const stretches = rates(pace);
  if (stretches.length < 2) return undefined;
  const end = pace.at(-1)?.elapsedMs ?? 0;
  const seconds = unitOf(end).ms / 1000;
  const points = stretches.flatMap(({ from, to, rate }) => [
    { at: from / seconds, rate },
    { at: to / seconds, rate },
  ]);
  const mean = (1000 * (pace.at(-1)?.programs ?? 0)) / end;
  const { label, ms } = unitOf(end);
  return draw(`Throughput over ${Math.round(end / ms)} ${label}, ${counted(mean, what)} a second on average`, {
    ...FRAME,
    x: { label, domain: [0, end / ms] },
    y: { label: `${what}s a second`, grid: true, zero: true, nice: true, tickFormat: wholeTick, ticks: 5 },
    marks: [
      // With both ends given, neighbours at one moment are not stacked.
      Plot.areaY(points, { x: "at", y1: () => 0, y2: "rate", fill: "var(--plot-area)" }),
      Plot.lineY(points, { x: "at", y: "rate", stroke: "var(--plot-line)", strokeWidth: 2 }),
      Plot.ruleY([mean], { stroke: "var(--ink-soft)", strokeDasharray: "4 3" }),
      Plot.ruleY([0], { stroke: "var(--rule)" }),
    ],
  });
}

/** Undefined if there are too few points to draw. */
export function drawGrowth(growth: readonly GrowthPoint[]): string | undefined {
  const last = growth.at(-1);
  if (last === undefined || growth.length < 2) return undefined;
  const { label, ms } = unitOf(last.elapsedMs);
  const points = [{ at: 0, points: 0 }, ...growth.map(({ elapsedMs, points }) => ({ at: elapsedMs / ms, points }))];
  const found = growth.filter(({ findings }, i) => findings > (growth[i - 1]?.findings ?? 0));
  return draw(`${counted(last.points, "coverage point")} reached over ${Math.round(last.elapsedMs / ms)} ${label}`, {
    ...FRAME,
    x: { label, domain: [0, last.elapsedMs / ms] },
    y: { label: "coverage points", grid: true, zero: true, nice: true, tickFormat: wholeTick, ticks: 5 },
    marks: [
      Plot.areaY(points, { x: "at", y1: () => 0, y2: "points", fill: "var(--plot-area)" }),
      Plot.lineY(points, { x: "at", y: "points", stroke: "var(--plot-line)", strokeWidth: 2 }),
      Plot.ruleX(found, {
        x: ({ elapsedMs }: GrowthPoint) => elapsedMs / ms,
        stroke: "var(--bad)",
        strokeWidth: 1.5,
        title: ({ findings }: GrowthPoint) => counted(findings, "finding"),
      }),
      Plot.ruleY([0], { stroke: "var(--rule)" }),
    ],
  });
}

/** The unit in which a span of time is read best. */
function unitOf(ms: number): { readonly label: string; readonly ms: number } {
  if (ms < 300_000) return { label: "seconds", ms: 1000 };
  return ms < 3 * 3_600_000 ? { label: "minutes", ms: 60_000 } : { label: "hours", ms: 3_600_000 };
}

export function drawSizes(sizes: ReportData["sizes"]): string | undefined {
  const programs = sizes.reduce((sum, { programs: n }) => sum + n, 0);
  if (programs === 0) return undefined;
  const bars = sizes.map(({ upTo, programs: n }, i) => ({
    name: upTo === null ? `> ${sizes[i - 1]?.upTo ?? 0}` : `≤ ${upTo}`,
    n,
  }));
  return draw(`${counted(programs, "program")} by number of slots`, {
    ...FRAME,
    x: { label: "slots", domain: bars.map(({ name }) => name), padding: 0.18, tickSize: 0 },
    y: { label: "programs", grid: true, tickFormat: wholeTick, ticks: 5, nice: true },
    marks: [
      Plot.barY(bars, {
        x: "name",
        y: "n",
        fill: "var(--plot-line)",
        title: ({ name, n }) => `${name} slots: ${grouped(n)}`,
      }),
      Plot.ruleY([0], { stroke: "var(--rule)" }),
    ],
  });
}

/** Between whole numbers there is nothing to read off. */
const wholeTick = (n: number): string => (Number.isInteger(n) ? grouped(n) : "");

const FRAME = {
  width: WIDTH,
  height: HEIGHT,
  marginLeft: 52,
  marginRight: 12,
  marginTop: 26,
  marginBottom: 36,
  style: { fontSize: "11px" },
};
