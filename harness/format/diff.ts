// What two kernels compile differently, as lines: the causes, and for each the smallest program with both images side by side.

import type { DiffGroup, DiffReport } from "../difference/diff.js";
import type { PairedPart, PairedWords } from "../difference/listing.js";
import { clip, count, percent, seconds, wrap } from "./text.js";

export function formatDiff(report: DiffReport, columns: number): string[] {
  const { groups, notCompared } = report;
  const reasons = Object.entries(notCompared).toSorted(([, a], [, b]) => b - a);
  return [
    `A: ${report.a}`,
    `B: ${report.b}`,
    ...groups.flatMap((group, i) => ["", ...groupLines(group, i + 1, columns)]),
    ...(groups.length === 0 ? [] : ["", ...summary(groups, columns)]),
    ...reasons
      .slice(0, MOST_REASONS)
      .flatMap(([why, times]) => wrap(`not compared: ${count(times, "program")}: ${why}`.split(" "), columns, "")),
    ...wrap(conclusion(report).split(" "), columns, ""),
  ];
}

const MOST_REASONS = 5;

const MOST_FORMS = 6;

/** Most frequent first. */
function formsOf({ forms }: Pick<DiffGroup, "forms">): string {
  const names = Object.entries(forms)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name);
  const more = names.length - MOST_FORMS;
  return `${names.slice(0, MOST_FORMS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Of code: what A has, and what B has there. */
const inPlace = (what: string): string => what.replace(" | ", " in A, ").concat(" in B");

const titleOf = (group: DiffGroup): string => {
  const { kind, what } = group;
  switch (kind) {
    case "refused":
      return `refused ${what}`;
    case "form":
      return `code of ${formsOf(group)}: ${inPlace(what)}`;
    case "plt":
      return `the jump behind the code: ${inPlace(what)}`;
    case "table":
      return `the exception table: ${what}`;
    case "size":
      return `the size of the image: ${what}`;
    case "offset":
      return `an offset in a structure, which is the build's: ${what}`;
    case "register":
      return `another register: ${what}`;
    default:
      return `the ${kind}: ${inPlace(what)}`;
  }
};

export function groupLines(group: DiffGroup, number: number, columns: number): string[] {
  const heading = `${number}. ${titleOf(group)} (${count(group.programs, "program")}, the first: ${group.first})`;
  return [
    ...wrap(heading.split(" "), columns, ""),
    ...(group.kind === "refused" ? programText(group) : sideBySideListing(group.listing, columns)),
  ];
}

/** Where only one of them has an image there is nothing to hold beside it. */
const programText = ({ text }: DiffGroup): string[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);

/** Parts beside one that differs are shown whole, others are folded. */
function sideBySideListing(parts: readonly PairedPart[], columns: number): string[] {
  const width = Math.floor((columns - GUTTER) / 2);
  const isNear = (i: number): boolean => [i - 1, i, i + 1].some((at) => parts[at]?.same === false);
  const lines: string[] = [`${"A".padEnd(width)}   B`];
  let folded = 0;
  for (const [i, part] of parts.entries()) {
    if (!isNear(i)) {
      folded++;
      continue;
    }
    if (folded > 0) lines.push(`  (${count(folded, "equal part")})`);
    folded = 0;
    lines.push(clip(part.title, columns), ...part.words.map((words) => wordsLine(words, width)));
  }
  return folded > 0 ? [...lines, `  (${count(folded, "equal part")})`] : lines;
}
const GUTTER = 3;

const wordsLine = ({ a, b, same }: PairedWords, width: number): string =>
  `${clip(a ?? "", width).padEnd(width)} ${same ? " " : "|"} ${clip(b ?? "", width)}`.trimEnd();

const summary = (groups: readonly DiffGroup[], columns: number): string[] => [
  "causes:",
  ...groups.flatMap((group, i) =>
    wrap(`${i + 1}. ${titleOf(group)} (${count(group.programs, "program")})`.split(" "), columns, "  "),
  ),
];

function conclusion(report: DiffReport): string {
  const { passed, failed, words, refusedByBoth, incomparable, total, seed } = report;
  const time = `in ${seconds(report.durationMs)}${seed === null ? "" : `, seed ${seed}`}`;
  const refused = refusedByBoth === 0 ? "" : `, ${refusedByBoth} refused by both`;
  const open = incomparable === 0 ? "" : `, ${incomparable} not compared (${percent(incomparable, total)})`;
  if (report.interrupted) return `INTERRUPTED ${time}: ${passed} equal and ${failed} different so far`;
  if (failed > 0) return `DIFFERENT ${time}: ${failed} of ${count(passed + failed, "program")}${refused}${open}`;
  if (passed === 0) return `NOTHING COMPARED ${time}${refused}${open}`;
  return `EQUAL ${time}: ${count(passed, "program")}, ${words} words${refused}${open}`;
}
