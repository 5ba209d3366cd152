// What a finding's directory tells people: `report.txt`.

import { parseCase } from "../../properties/case-text.js";
import { compileCase } from "../compile.js";
import type { FindingFacts } from "../fuzz/findings.js";
import { formatListing } from "./listing.js";

const COLUMNS = 100;

/** @param text the shrunk case's file. */
export async function findingReport(facts: FindingFacts, text: string, replay: string): Promise<string> {
  const { name, cause, where, expected, actual, slots, seed, index, shard, version, engine, fixed } = facts;
  const parsed = parseCase(text);
  const compiled = parsed.ok ? await compileCase(parsed.value) : parsed;
  const lines = [
    name,
    `oracle     ${cause.oracle}`,
    `reason     ${cause.reason}`,
    `first at   ${cause.row}`,
    `found      seed ${seed}, program ${index}, shard ${shard}, engine ${engine}, version ${version}`,
    `size       ${slots.original} slots, shrunk to ${slots.shrunk}${fixed ? "" : " (not to a fixed point)"}`,
    "",
    ...(compiled.ok ? formatListing(compiled.value.listing, COLUMNS) : []),
    `first difference: ${where}`,
    `  expected  ${expected}`,
    `  came      ${actual}`,
    "",
    replay,
  ];
  return lines.map((line) => `${line}\n`).join("");
}
