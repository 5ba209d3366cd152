// A run as JUnit XML, which CI systems show, and as annotations of GitHub's log.

import { badInputLine, oneLine, visible } from "../bad-input.js";
import type { Failure, Report } from "../report.js";
import { differenceLine } from "./text.js";

/** What was checked by name. Where there are too many, as with generated programs, one entry stands for all of them. */
export interface TestedCase {
  readonly name: string;
  /** Undefined if it passed. */
  readonly failure?: { readonly message: string; readonly details: string };
}

/** The failures of a report, files that could not be read, and one entry for everything that passed. */
export function casesOf({ command, passed, failures, unreadable }: Report): readonly TestedCase[] {
  return [
    { name: `${passed} agree` },
    ...failures.map((failure) => ({
      name: failure.name,
      failure: { message: differenceLine(failure), details: detailsOf(failure) },
    })),
    ...unreadable.map((error) => ({
      name: error.subject,
      failure: { message: badInputLine(error), details: `rox ${command}` },
    })),
  ];
}

/** A line each: how to see it again, where in the kernel's own code it is, and what the machine did. */
const detailsOf = ({ replay, kernel }: Failure): string =>
  [
    ...(replay === undefined ? [] : [replay]),
    ...(kernel === undefined ? [] : [`in the kernel's own code: ${kernel.place}`, ...kernel.events]),
  ].join("\n");

export function junitXml(report: Report, cases: readonly TestedCase[] = casesOf(report)): string {
  const failed = cases.filter(({ failure }) => failure !== undefined).length;
  const attributes = `name="rox ${xml(report.command)}" tests="${cases.length}" failures="${failed}"`;
  const time = `time="${(report.durationMs / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes} ${time}>`,
    `  <testsuite ${attributes} ${time}>`,
    ...properties(report),
    ...cases.flatMap(({ name, failure }) => testcase(report.command, name, failure)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** What a run needs to be made again. */
function properties({ seed, subject }: Report): string[] {
  const all = Object.entries({ seed, subject }).filter(([, value]) => value !== null && value !== undefined);
  if (all.length === 0) return [];
  const line = ([name, value]: (typeof all)[number]): string =>
    `      <property name="${name}" value="${xml(`${value}`)}"/>`;
  return ["    <properties>", ...all.map(line), "    </properties>"];
}

function testcase(command: string, name: string, failure: TestedCase["failure"]): string[] {
  const head = `    <testcase classname="rox ${xml(command)}" name="${xml(name)}"`;
  if (failure === undefined) return [`${head}/>`];
  const { message, details } = failure;
  return [`${head}>`, `      <failure message="${xml(message)}">${lines(details)}</failure>`, "    </testcase>"];
}

/** XML has no way to write most control characters. */
const xml = (text: string): string => escaped(oneLine(text));

const escaped = (text: string): string =>
  visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Several lines stay so. */
const lines = (text: string): string => text.split("\n").map(escaped).join("\n");

/** One line for each failure, as GitHub reads them from a job's output. */
export function annotations({ command, failures, unreadable }: Report): readonly string[] {
  return [
    ...failures.map((failure) => {
      const replay = failure.replay === undefined ? "" : `; ${failure.replay}`;
      const where = failure.kernel === undefined ? "" : `; in the kernel's own code: ${failure.kernel.place}`;
      return annotation(failure.name, `rox ${command}`, differenceLine(failure) + where + replay);
    }),
    ...unreadable.map((error) => annotation(error.subject, `rox ${command}`, badInputLine(error))),
  ];
}

const annotation = (file: string, title: string, message: string): string =>
  `::error file=${property(file)},title=${property(title)}::${data(message)}`;

const data = (text: string): string => oneLine(text).replaceAll("%", "%25");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
