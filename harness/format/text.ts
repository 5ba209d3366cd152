// Plain text for terminals of 80 columns and more: wrapped lists, right-aligned numbers, two columns side by side.

import type { Failure } from "../report.js";

/** `words` separated by `separator`, broken before `columns`, every line indented. */
export function wrap(words: readonly string[], columns: number, indent = "  ", separator = " "): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? word : line + separator + word;
    if (line !== "" && indent.length + longer.length + separator.trimEnd().length > columns) {
      lines.push(indent + line + separator.trimEnd());
      line = word;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, indent + line];
}

/** Rows of equal length as aligned columns; columns named in `right` are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** Cut at `width`, with two dots where something is missing. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 2))}..`;

export interface SideBySide {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** Left and right lines beside each other; where that does not fit, the right ones below. */
export function sideBySide(rows: readonly SideBySide[], columns: number): string[] {
  const widest = (side: "left" | "right"): number =>
    rows.reduce((width, row) => row[side].reduce((w, line) => Math.max(w, line.length), width), 0);
  const leftWidth = widest("left") + GUTTER;
  if (leftWidth + widest("right") > columns) return oneAboveTheOther(rows, columns);
  return rows.flatMap(({ left, right }) =>
    Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
      `${(left[i] ?? "").padEnd(leftWidth)}${right[i] ?? ""}`.trimEnd(),
    ),
  );
}
const GUTTER = 3;

const oneAboveTheOther = (rows: readonly SideBySide[], columns: number): string[] =>
  rows.flatMap(({ left: [title = "", ...rest], right }) =>
    [title, ...right.map((line) => `        ${line}`), ...rest].map((line) => clip(line, columns)),
  );

export const percent = (part: number, whole: number): string =>
  whole === 0 ? "0.0 %" : `${((100 * part) / whole).toFixed(1)} %`;

/** `1 file`, `2 files`. */
export const count = (n: number, noun: string, plural = `${noun}s`): string => `${n} ${n === 1 ? noun : plural}`;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const hexBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

type Answers = Pick<Failure, "expected" | "got">;

/** Two answers that part, in one line. */
export const differenceLine = ({ where, expected, got }: Answers & Pick<Failure, "where">): string =>
  `${where}: expected ${expected}, got ${got}`;

/** One below the other. */
export const answerLines = ({ expected, got }: Answers): string[] => [`  expected  ${expected}`, `  got       ${got}`];
