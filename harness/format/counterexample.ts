// A counterexample as text: who objects, the smallest case beside its code, where the answers part, and the command that
// shows it again.

import { PROGRAMS } from "../../properties/cases/program/index.js";
import { type Counterexample, codeOf, foundCause } from "../counterexample.js";
import type { KernelPlace } from "../kernel-place.js";
import type { FindingFacts } from "../loop/findings.js";
import { formatListing } from "./listing.js";
import { answerLines, count, wrap } from "./text.js";

/** @param facts what else is known of it, a line each */
export async function formatCounterexample(
  found: Counterexample,
  columns: number,
  facts: readonly string[] = [],
): Promise<string[]> {
  const { name, oracle, size, where, answers = [], file, replay, kernel } = found;
  const shrunk = size === undefined ? "" : `, shrunk from ${count(size.before, size.unit)} to ${size.after}`;
  return [
    `COUNTEREXAMPLE ${name}: ${oracle} objects${shrunk}`,
    ...facts,
    ...(await caseLines(found, columns)),
    `first difference: ${where}`,
    ...answerLines(found),
    ...answers.map((line) => `  ${line}`),
    ...(kernel === undefined ? [] : kernelLines(kernel, columns)),
    ...(file === undefined ? [] : [`the case is ${file}`]),
    replay,
  ];
}

/** Events of the machine that are printed: what comes last is nearest to what went wrong. */
const MOST_EVENTS = 12;

/** Where in the kernel's own code, and the machine's last events until then. */
function kernelLines({ place, event, events }: KernelPlace, columns: number): string[] {
  const about = event === undefined ? "" : `, event ${event}`;
  const missing = events.length - MOST_EVENTS;
  const shown = missing <= 0 ? events : [`  ${missing} events before these`, ...events.slice(missing)];
  return [
    ...wrap(`in the kernel's own code: ${place}${about}`.split(" "), columns, "  ").map((line, i) =>
      i === 0 ? line.trimStart() : line,
    ),
    ...shown.flatMap((line) => line.split("\n").flatMap((part) => wrapEvent(part, columns))),
  ];
}

const wrapEvent = (line: string, columns: number): string[] => {
  const indent = /^ */.exec(line)![0];
  const [first = "", ...rest] = wrap(line.trimStart().split(" "), columns, indent);
  return [first, ...rest.map((part) => `    ${part}`)];
};

/** What a case's file says about the case, rather than what it is. */
const ABOUT = /^(# )?(title|oracle|expect|id|note|found):/;

/** A program beside its code; any other case as it is written, and below it the code that it is about. Nothing is run. */
async function caseLines(found: Counterexample, columns: number): Promise<readonly string[]> {
  const { kind, text } = found;
  const code = formatListing(await codeOf(found), columns);
  if (kind === PROGRAMS && code.length > 0) return code;
  const lines = text.split("\n").filter((line) => !ABOUT.test(line));
  return [
    ...lines
      .join("\n")
      .trim()
      .split("\n")
      .map((line) => (line === "" ? "" : `  ${line}`)),
    ...code,
  ];
}

/** `report.txt` of a finding's directory. @param text the smallest case's file */
export async function findingReport(facts: FindingFacts, text: string, replay: string): Promise<string> {
  const { cause, kind, seed, index, shard, version, engine, fixed } = facts;
  const lines = await formatCounterexample(foundCause(facts, text, replay), REPORT_COLUMNS, [
    `reason     ${cause.reason}`,
    `blamed     ${cause.what}`,
    `found      seed ${seed}, case ${index} (${kind}), shard ${shard}, engine ${engine}, version ${version}`,
    ...(fixed ? [] : ["           not shrunk to a fixed point"]),
    "",
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

const REPORT_COLUMNS = 100;
