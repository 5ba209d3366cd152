// A counterexample as a failure report: the shrunk program beside its code, and where the answers part.

import { summary } from "../../properties/verdict.js";
import type { Finding } from "../gate/finding.js";
import { compileCase } from "../listing.js";
import { formatListing } from "./listing.js";

export async function formatFinding(
  { case: c, report, file, before, after }: Finding,
  columns: number,
): Promise<string[]> {
  const { verdict } = report;
  const run = report.runs.find((r) => r.verdict.kind === "disagree");
  const compiled = await compileCase(c);
  return [
    "",
    `COUNTEREXAMPLE, shrunk from ${before} slots to ${after}`,
    ...(compiled.ok ? formatListing(compiled.value.listing, columns) : []),
    ...(verdict.kind === "disagree"
      ? [`first difference: ${verdict.where}`, `  expected  ${verdict.expected}`, `  got      ${verdict.got}`]
      : [`it does not fail any more after shrinking: ${verdict.kind}`]),
    ...(run === undefined ? [] : [`interpreter: ${summary(run.expected)}`, `JIT:         ${summary(run.got)}`]),
    `written to ${file}`,
  ];
}
