// Plain text for terminals of 80 columns and more: wrapped lists, right-aligned numbers, two columns side by side.

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
  readonly left: string;
  readonly right: readonly string[];
}

/** The left text beside the first of its right lines; where that does not fit, above them. */
export function sideBySide(rows: readonly SideBySide[], columns: number): string[] {
  const leftWidth = Math.max(0, ...rows.map(({ left }) => left.length));
  const rightWidth = Math.max(0, ...rows.flatMap(({ right }) => right.map((line) => line.length)));
  if (leftWidth + GUTTER + rightWidth > columns) return oneAboveTheOther(rows, columns);
  return rows.flatMap(({ left, right }) =>
    (right.length === 0 ? [""] : right).map((line, i) =>
      `${(i === 0 ? left : "").padEnd(leftWidth + GUTTER)}${line}`.trimEnd(),
    ),
  );
}
const GUTTER = 3;

const oneAboveTheOther = (rows: readonly SideBySide[], columns: number): string[] =>
  rows.flatMap(({ left, right }) =>
    [left, ...right.map((line) => `        ${line}`)].map((line) => clip(line, columns)),
  );

export const percent = (part: number, whole: number): string =>
  whole === 0 ? "0.0 %" : `${((100 * part) / whole).toFixed(1)} %`;

/** `1 file`, `2 files`. */
export const count = (n: number, noun: string, plural = `${noun}s`): string => `${n} ${n === 1 ? noun : plural}`;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const hexBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
