// The result of one case as text: both witnesses, what they changed in memory, and the verdict.

import type { Checked } from "../../properties/cases/check-or-crash.js";
import type { RunReport } from "../../properties/cases/program/report.js";
import { summary, type Verdict, whyUncompared } from "../../properties/verdict.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import { changedBytes } from "../changed-memory.js";
import { answerLines, clip, count, hexBytes } from "./text.js";

export function formatCaseReport(report: Checked, inputs: readonly Uint8Array[], columns: number): string[] {
  return [
    `${count(report.slots, "BPF slot")}, ${count(report.words, "A64 word")}`,
    ...report.runs.flatMap((run) => {
      const on = enginesOf(report).length > 1 && run.engine !== undefined ? ` on ${run.engine}` : "";
      return runLines(run, on, inputs[run.input] ?? new Uint8Array(0), columns);
    }),
    ...conclusion(report),
  ];
}

const enginesOf = ({ runs }: Checked): readonly string[] => [...new Set(runs.flatMap(({ engine }) => engine ?? []))];

function runLines(run: RunReport, on: string, input: Uint8Array, columns: number): string[] {
  return [
    clip(`input ${run.input}${on}: ${count(input.length, "byte")} ${hexBytes(input)}`.trimEnd(), columns),
    `  interpreter  ${summary(run.expected)}`,
    ...memoryLines(run.expected, input, columns),
    `  JIT          ${run.got === undefined ? "not run: there is no answer to compare with" : summary(run.got)}`,
    ...(run.got === undefined ? [] : memoryLines(run.got, input, columns)),
    ...verdictLines(run.verdict).map((line) => `  ${line}`),
  ];
}

/** With one run its own verdict says it all. */
function conclusion(report: Checked): string[] {
  const { runs, verdict } = report;
  // What an oracle objects to is no run's.
  if (runs.length === 1 && runs[0]!.verdict.kind === verdict.kind) return [];
  if (verdict.kind !== "agree") return verdictLines(verdict);
  const engines = enginesOf(report);
  const inputs = new Set(runs.map(({ input }) => input)).size;
  const all = inputs === 1 ? "1 input" : `all ${inputs} inputs`;
  const on = engines.length > 1 ? `, each on ${engines.length} engines: ${engines.join(", ")}` : "";
  return [`verdict: agree on ${all}${inputs === 1 ? on.replace("each ", "") : on}`];
}

const MAX_SPANS = 12;

function memoryLines(outcome: Outcome, input: Uint8Array, columns: number): string[] {
  if (outcome.kind !== "returned") return [];
  const changes = changedBytes(outcome.regions, input);
  return [
    ...changes.slice(0, MAX_SPANS).map(({ region, at, bytes }) => {
      const place = region === "stack" ? `stack[r10 - ${-at}]` : `${region}[${at}]`;
      return clip(`    ${place} = ${hexBytes(bytes)}`, columns);
    }),
    ...(changes.length > MAX_SPANS ? [`    and ${changes.length - MAX_SPANS} more changes`] : []),
  ];
}

function verdictLines(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case "agree":
      return ["verdict: agree"];
    case "incomparable":
      return [`verdict: incomparable, ${verdict.why}`];
    case "refused":
      return [`verdict: refused, ${whyUncompared(verdict)}`];
    case "disagree":
      return [`verdict: DISAGREE at ${verdict.where}`, ...answerLines(verdict)];
    default:
      return verdict satisfies never;
  }
}
