// What every command has in common: how it is added to the program, how it prints, where its JSON goes.

import type { Command } from "commander";
import { type BadInput, badInputLine } from "../harness/bad-input.js";
import { annotations, casesOf, junitXml, type TestedCase } from "../harness/format/junit.js";
import { writeOutputFile } from "../harness/output-file.js";
import { type Report, reportJson } from "../harness/report.js";
import { BAD_INPUT, type Io } from "./io.js";

/** Adds one command; its action tells `finish` the exit code. */
export type Define = (program: Command, io: Io, finish: (code: number) => void) => void;

export const print = (io: Io, lines: readonly string[]): void => io.out(lines.map((line) => `${line}\n`).join(""));

/** One line on stderr. */
export function complain(io: Io, error: BadInput): number {
  io.err(`rox: ${badInputLine(error)}\n`);
  return BAD_INPUT;
}

/** Nothing was checked, as nothing is there. @param paths that were looked through */
export const noCases = (paths: readonly string[]): BadInput => {
  const next = "name files, or folders that hold some";
  return { subject: paths.join(" "), expected: "case files", got: "none", next };
};

const SHOWN_COMPLAINTS = 10;

/** An old name still works, and says the new one. */
export const renamed = (io: Io, old: string, now: string): void => io.err(`rox: ${old} is now called ${now}\n`);

/** A line each for the first of them, and one that counts the rest. */
export function complainAll(io: Io, errors: readonly BadInput[]): void {
  for (const error of errors.slice(0, SHOWN_COMPLAINTS)) complain(io, error);
  const more = errors.length - SHOWN_COMPLAINTS;
  if (more > 0) io.err(`rox: and ${more} more that could not be read; see --json for all of them\n`);
}

/** Write the report where `--json` says. Returns the exit code: `code`, or bad input if there is no writing there. */
export function saveJson(io: Io, file: string | undefined, report: object, code: number): number {
  if (file === undefined) return code;
  const written = writeOutputFile(file, reportJson(report));
  return written.ok ? code : complain(io, written.error);
}

/** Write the report as JUnit XML where `--junit` says, and tell GitHub when it is listening. Returns the exit code. */
export function saveForCi(
  io: Io,
  file: string | undefined,
  report: Report,
  code: number,
  cases: readonly TestedCase[] = casesOf(report),
): number {
  if (process.env.GITHUB_ACTIONS === "true") print(io, annotations(report));
  if (file === undefined) return code;
  const written = writeOutputFile(file, junitXml(report, cases));
  return written.ok ? code : complain(io, written.error);
}

export const JUNIT_OPTION = ["--junit <file>", "also write the report as JUnit XML"] as const;

export const BASELINE_OPTION = [
  "--baseline <dir>",
  "with --report: what is new, gone, gained and lost since that report or campaign",
] as const;

export const REPORT_OPTION = [
  "--report <dir>",
  "also write a report for a browser: one file, index.html, that needs no network",
] as const;

export const JSON_OPTION = ["--json <file>", "also write the report as JSON"] as const;

/** Examples below the options of `--help`. */
export const examples = (lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
