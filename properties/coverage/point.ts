// A coverage point: one thing that a campaign has reached. Logs, state files and reports have it as text, `add imm|+u12|add|ran`,
// which is made and read here alone.

export interface CoveragePoint {
  /** An instruction row; `image`, `lowering` or what a history did for a point of another sort. */
  readonly row: string;
  readonly operands: string;
  readonly strategy: string;
  readonly event: string;
}

export const pointText = (row: string, operands: string, strategy: string, event: string): string =>
  `${row}|${operands}|${strategy}|${event}`;

export function readPoint(text: string): CoveragePoint {
  const [row = "", operands = "", strategy = "", event = ""] = text.split("|");
  return { row, operands, strategy, event };
}

export const LOWERING = "lowering";

/** Of one pair of the coverage matrix. */
export const loweringPoint = (row: string, strategy: string): string => pointText(LOWERING, row, strategy, "emitted");
