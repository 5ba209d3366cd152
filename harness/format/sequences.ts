// What was tried of the memory that code lives in, as text.

import { printActions } from "../../properties/history/text.js";
import type { HistoryFinding } from "../sequences/finding.js";
import type { SequenceReport } from "../sequences/sequences.js";
import { count, seconds } from "./text.js";

export function formatSequences(report: SequenceReport): string[] {
  const { files, agreeing, sequences, steps, interleavings, failures, stepsPerSecondPerCore } = report;
  const exhaustive = report.allocFree + report.pokes + report.failurePoints > 0;
  return [
    ...(files === 0 ? [] : [`lessons    ${count(files, "history", "histories")}, ${agreeing} as they say`]),
    ...(sequences === 0
      ? ["sequences  none were generated"]
      : [
          `sequences  ${sequences} in ${count(steps, "step")}, ${interleavings} interleavings, ${failures} injected failures`,
          `           ${stepsPerSecondPerCore} steps a second per core, every oracle on`,
        ]),
    exhaustive
      ? `small scope  ${report.allocFree} histories of allocations and frees, ${report.pokes} pokes, ` +
        `${report.failurePoints} failure points, in ${seconds(report.exhaustiveMs)}`
      : "small scope  not tried",
  ];
}

export function formatHistoryFinding({ file, history, oracle, what, before, after }: HistoryFinding): string[] {
  return [
    "",
    `COUNTEREXAMPLE, shrunk from ${count(before, "action")} to ${after}`,
    ...printActions(history.actions, history.options).flatMap((text) => text.split("\n").map((line) => `  ${line}`)),
    `${oracle}: ${what}`,
    `written to ${file}`,
  ];
}
