// The gate's report as text.

import { PROGRAMS } from "../../properties/cases/program/index.js";
import type { GateReport, KindReport } from "../gate/gate.js";
import { total } from "../report.js";
import { groupLines } from "./diff.js";
import { knownDefectLines } from "./known-defects.js";
import { count, percent, seconds, table, wrap } from "./text.js";

export function formatGate(report: GateReport, columns: number): string[] {
  return [
    ...corpusLines(report, columns),
    ...directedLines(report, columns),
    ...(report.programs === 0 ? [notTried("programs", report)] : programLines(report, columns)),
    ...kindLines(report),
    ...exhaustiveLines(report, columns),
    ...sameCodeLines(report, columns),
    ...kernelCodeLines(report),
    ...notRunLines(report, columns),
    ...knownDefectLines(report.knownDefects, columns),
    "not checked:",
    ...report.notChecked.flatMap((line) => wrap(`- ${line}`.split(" "), columns, "  ")),
    verdictLine(report),
  ];
}

/** Why there is nothing to say of a part: nobody asked for it, or an earlier part failed. */
const notTried = (part: string, { notRun }: GateReport): string =>
  `${part.padEnd(LABEL)}  not run${notRun.includes(part) ? "" : ", not asked for"}`;

function sameCodeLines({ sameCode }: GateReport, columns: number): string[] {
  if (sameCode === undefined) return [];
  const { profile, different, groups } = sameCode;
  if (profile === null) return ["same code  not compared: no profile is of its version"];
  const line = `same code  as our own JIT in profile ${profile}: ${different === 0 ? "all" : `all but ${different}`}`;
  return [line, ...groups.flatMap((group, i) => [...groupLines(group, i + 1, columns), group.replay])];
}

/** None of them is ever trapped. */
const kernelCodeLines = ({ kernelCode = [] }: GateReport): string[] =>
  kernelCode.length === 0
    ? []
    : [
        "kernel code  words of the image's own functions that were executed:",
        ...table(
          kernelCode.map(({ name, executed, words }) => [
            name,
            String(executed),
            words === 0 ? "no function of that name: inlined" : `of ${words}`,
          ]),
          [1],
        ).map((line) => `  ${line}`),
      ];

const notRunLines = ({ notRun }: GateReport, columns: number): string[] =>
  notRun.length === 0
    ? []
    : wrap("An earlier part failed; --keep-going runs the others as well.".split(" "), columns, "");

const corpusLines = ({ corpus }: GateReport, columns: number): string[] => [
  corpus.directory === undefined
    ? "corpus     none"
    : `corpus     ${count(corpus.files, "file")}, ${corpus.passed} agree, ${corpus.failures.length} differ, ` +
      `${corpus.incomparable} incomparable, ${corpus.unreadable.length} unreadable`,
  ...lackingLines(corpus.lacking, columns),
];

/** What cannot be compared, by what the subject lacks for it. */
function lackingLines(lacking: GateReport["corpus"]["lacking"], columns: number): string[] {
  const names = new Map<string, string[]>();
  for (const { name, why } of lacking) names.set(why, [...(names.get(why) ?? []), name]);
  return [...names].flatMap(([why, of]) => wrap(`  ${why}: ${of.join(", ")}`.split(" "), columns, "    "));
}

function directedLines(report: GateReport, columns: number): string[] {
  const { cases, encoders, encodings, incomparable } = report.directed;
  if (cases + encoders + incomparable.length === 0) return [notTried("directed", report)];
  const asked = encodings === 0 ? "" : ` through ${count(encodings, "encoding")}`;
  const not = incomparable.length === 0 ? "" : `, ${incomparable.length} incomparable:`;
  return [
    `directed   ${count(cases, "case")}, ${count(encoders, "encoder")}${asked}${not}`,
    ...lackingLines(
      incomparable.map(({ name, why }) => ({ name, why: `the subject lacks ${why}` })),
      columns,
    ),
  ];
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
    ...why
      .slice(0, MOST_REASONS)
      .map(([reason, { programs: n, first }]) => `  ${n}  ${reason} (the first: program ${first})`),
  ];
}

/** `30 times on wasm and 30 on reference`. */
const runsByEngine = (runs: GateReport["runs"]): string =>
  Object.entries(runs)
    .map(([engine, n], i) => `${n}${i === 0 ? " times" : ""} on ${engine}`)
    .join(" and ");

function kindLines(report: GateReport): string[] {
  const others = Object.entries(report.kinds).filter(([name]) => name !== PROGRAMS.name);
  const lines = table(others.flatMap(([name, kind]) => kindRows(name, kind, report)));
  const why = others.flatMap(([name, kind]) => whyLines(name, kind));
  return why.length === 0 ? lines : [...lines, "what could not be compared:", ...why];
}

/** Most frequent first. */
const whyLines = (name: string, { why }: KindReport): string[] =>
  why
    .toSorted((a, b) => b.times - a.times)
    .slice(0, MOST_REASONS)
    .map(({ reason, times, first }) => `  ${times}  ${reason} (${name}, the first: ${first})`);

function kindRows(name: string, kind: KindReport, report: GateReport): string[][] {
  const { tried, incomparable, steps, interleavings, failures, stepsPerSecondPerCore } = kind;
  const label = name.padEnd(LABEL);
  if (tried === 0) return [[notTried(name, report)]];
  const not = incomparable === 0 ? "" : `, ${percent(incomparable, tried)} incomparable`;
  if (steps === 0) return [[label, `${tried}${not}`]];
  return [
    [label, `${tried} in ${count(steps, "step")}, ${interleavings} interleavings, ${failures} injected failures${not}`],
    ["", `${stepsPerSecondPerCore} steps a second per core in the second half, every oracle on`],
  ];
}

/** Of each kind. */
const MOST_REASONS = 8;
/** As wide as the other labels. */
const LABEL = "programs ".length;

function exhaustiveLines(report: GateReport, columns: number): string[] {
  const { exhaustive } = report;
  if (exhaustive === undefined) return [notTried("exhaustive", report)];
  const { allocFree, pokes, failurePoints, twoCpus, ms, known, lacking } = exhaustive;
  const ended = Object.entries(known).map(([id, times]) => `${id} ${times}`);
  const notes = [
    ...(ended.length === 0 ? [] : [`ended at known defects: ${ended.join(", ")}`]),
    ...lacking.map((what) => `not tried, as the subject lacks ${what}`),
  ];
  return [
    `exhaustive ${allocFree} histories of allocations and frees, ${pokes} pokes, ` +
      `${failurePoints} failure points, ${twoCpus} interleavings of two CPUs, in ${seconds(ms)}`,
    ...notes.flatMap((note) => wrap(`  ${note}`.split(" "), columns, "    ")),
  ];
}

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
