// A campaign as text: the one live line, a finding, the summary.

import type { FindingFacts } from "../loop/findings.js";
import type { FuzzReport } from "../loop/fuzz.js";
import type { CampaignState } from "../loop/state.js";
import { total } from "../report.js";
import { count, differenceLine, percent, seconds, table } from "./text.js";

/** `1.2k`, `34M`. */
export function short(n: number): string {
  const units = ["", "k", "M", "G", "T"];
  let unit = 0;
  let value = n;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return unit === 0 ? `${Math.round(value)}` : `${value.toFixed(value < 10 ? 1 : 0)}${units[unit]}`;
}

/** `59s`, `3m05s`, `2h04m`, `3d07h`. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h${two(Math.floor(s / 60) % 60)}m`;
  return `${Math.floor(s / 86_400)}d${two(Math.floor(s / 3600) % 24)}h`;
}

/** What the rates of the live line are counted from. */
interface Baseline {
  readonly ms: number;
  readonly cases: number;
  readonly executed: number;
}

export const baselineOf = ({ elapsedMs, sums }: CampaignState): Baseline => ({
  ms: elapsedMs,
  cases: sums.cases,
  executed: sums.executed,
});

/** When a campaign ends: infinite where there is no such end. */
interface Ends {
  readonly cases: number;
  readonly ms: number;
}

export function statusLine(state: CampaignState, since: Baseline, ends: Ends): string {
  const leftMs = timeLeft(state, since, ends);
  const s = Math.max(0.001, (state.elapsedMs - since.ms) / 1000);
  const { cases, executed } = state.sums;
  return [
    `${short(cases)} cases`,
    `${short((cases - since.cases) / s)}/s`,
    `${short((executed - since.executed) / s)} insns/s`,
    `${state.points.size} coverage points`,
    count(state.causes().size, "finding"),
    leftMs === undefined ? `${clock(state.elapsedMs)} so far` : `${clock(leftMs)} left`,
  ].join(", ");
}

/** Milliseconds to whichever end comes first; undefined if there is none. */
function timeLeft({ elapsedMs, sums }: CampaignState, since: Baseline, ends: Ends): number | undefined {
  const rate = (sums.cases - since.cases) / Math.max(1, elapsedMs - since.ms);
  const left = rate === 0 ? Number.POSITIVE_INFINITY : (ends.cases - sums.cases) / rate;
  const first = Math.min(ends.ms - elapsedMs, left);
  return Number.isFinite(first) ? first : undefined;
}

export const formatFound = (facts: FindingFacts): string =>
  `FOUND ${facts.name}: ${differenceLine(facts)} (${count(facts.size.original, facts.size.unit)}, now ${facts.size.shrunk})`;

export function formatFuzz(report: FuzzReport): string[] {
  const { cases, kinds, runs, slots, words, executed, steps, coverage, elapsedMs } = report;
  const why = Object.entries(report.incomparableWhy).sort(([, a], [, b]) => b - a);
  return [
    `cases      ${cases} in ${clock(elapsedMs)}, shard ${report.shard}, engine ${report.engine}`,
    ...table(Object.entries(kinds).map(([kind, { cases: n, passed }]) => [`  ${kind}`, `${n}, ${passed} agree`])),
    ...(runs === 0
      ? []
      : [
          `code       ${count(runs, "run")}, ${slots} BPF slots, ${words} A64 words, ${executed} A64 instructions executed`,
        ]),
    ...(steps === 0 ? [] : [`memory     ${count(steps, "step")} of histories`]),
    `coverage   ${coverage.points} points, ${coverage.rows} of ${coverage.allRows} instruction rows`,
    `incomparable  ${report.incomparable} (${percent(report.incomparable, total(report))})`,
    ...why.slice(0, 8).map(([reason, n]) => `  ${n}  ${reason}`),
    ...(report.ignored === 0 ? [] : [`not counted  ${count(report.ignored, "failure")} of other oracles`]),
    ...report.findings.map(
      (facts) => `${facts.name}: ${count(facts.size.shrunk, facts.size.unit)}, ${differenceLine(facts)}`,
    ),
    verdictLine(report),
  ];
}

function verdictLine(report: FuzzReport): string {
  const time = `in ${seconds(report.durationMs)}, seed ${report.seed}`;
  const found = count(report.failed, "finding");
  if (report.interrupted) return `STOPPED ${time}: ${found}; go on with --resume ${report.directory}`;
  if (report.ok) return `OK ${time}: ${report.passed} agree`;
  if (report.failed > 0) return `FAILED ${time}: ${found} in ${report.directory}`;
  if (report.passed === 0) return `FAILED ${time}: nothing was compared`;
  return `FAILED ${time}: ${percent(report.incomparable, report.total)} incomparable, at most 1 % may be`;
}
