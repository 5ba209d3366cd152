// What a finding's directory tells people: `report.txt`. Nothing is run: the case may be one that ended its worker.

import { parseCase } from "../../properties/cases/program/text.js";
import { compileCase } from "../listing.js";
import type { FindingFacts } from "../loop/findings.js";
import { formatListing } from "./listing.js";
import { count } from "./text.js";

const COLUMNS = 100;

/** @param text the shrunk case's file. */
export async function findingReport(facts: FindingFacts, text: string, replay: string): Promise<string> {
  const { name, cause, where, expected, got, size, seed, index, shard, version, engine, fixed } = facts;
  const lines = [
    name,
    `oracle     ${cause.oracle}`,
    `reason     ${cause.reason}`,
    `blamed     ${cause.what}`,
    `found      seed ${seed}, trial ${index} (${facts.kind}), shard ${shard}, engine ${engine}, version ${version}`,
    `size       ${count(size.original, size.unit)}, shrunk to ${size.shrunk}${fixed ? "" : " (not to a fixed point)"}`,
    "",
    ...(await caseLines(facts, text)),
    `first difference: ${where}`,
    `  expected  ${expected}`,
    `  got      ${got}`,
    "",
    replay,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A program beside its code; anything else as it is written. */
async function caseLines({ file }: FindingFacts, text: string): Promise<readonly string[]> {
  const parsed = file.endsWith(".bpf") ? parseCase(text) : undefined;
  const compiled = parsed?.ok === true ? await compileCase(parsed.value) : undefined;
  return compiled?.ok === true ? formatListing(compiled.value.listing, COLUMNS) : [...text.trimEnd().split("\n"), ""];
}
