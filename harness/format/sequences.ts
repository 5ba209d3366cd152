// What was tried beside programs, as text.

import { listingOf } from "../listing.js";
import type { CaseFinding } from "../sequences/finding.js";
import type { KindCount, SequenceReport } from "../sequences/sequences.js";
import { formatListing } from "./listing.js";
import { count, percent, seconds } from "./text.js";

export function formatSequences(report: SequenceReport): string[] {
  const { files, agreeing, sequences, steps, interleavings, failures, stepsPerSecondPerCore } = report;
  const exhaustive = report.allocFree + report.pokes + report.failurePoints > 0;
  return [
    ...(files === 0 ? [] : [`lessons    ${count(files, "file")} that are no programs, ${agreeing} as they say`]),
    ...(sequences === 0
      ? ["histories  none were tried"]
      : [
          `histories  ${sequences} in ${count(steps, "step")}, ${interleavings} interleavings, ${failures} injected failures`,
          `           ${stepsPerSecondPerCore} steps a second per core in the second half, every oracle on`,
        ]),
    `rows       ${cases(report.kernelRows)} of rows that only a verifier makes`,
    `tracing    ${cases(report.tracings)} of functions with programs attached`,
    exhaustive
      ? `small scope  ${report.allocFree} histories of allocations and frees, ${report.pokes} pokes, ` +
        `${report.failurePoints} failure points, in ${seconds(report.exhaustiveMs)}`
      : "small scope  not tried",
  ];
}

const cases = ({ tried, incomparable }: KindCount): string => {
  if (tried === 0) return "no cases";
  return count(tried, "case") + (incomparable === 0 ? "" : `, ${percent(incomparable, tried)} incomparable,`);
};

/** The case, and beside it the code that it is about. */
export async function formatCaseFinding(finding: CaseFinding, columns: number): Promise<string[]> {
  const { file, lines, code, oracle, where, expected, got, before, after, unit } = finding;
  return [
    "",
    `COUNTEREXAMPLE, shrunk from ${count(before, unit)} to ${after}`,
    ...lines.map((line) => (line === "" ? "" : `  ${line}`)),
    ...(code.length === 0 ? [] : formatListing(await listingOf(code), columns)),
    `${oracle} objects at ${where}`,
    `  expected  ${expected}`,
    `  got      ${got}`,
    `written to ${file}`,
  ];
}
