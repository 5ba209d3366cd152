// A history file played again, and held against what it says of itself.

import type { History } from "../../../subjects/action.js";
import { ORACLES } from "../../oracles/index.js";
import { type PlayOptions, type PlayReport, playHistory } from "./check.js";
import type { HistoryFile } from "./text.js";

export interface Replayed {
  readonly report: PlayReport;
  /** Why it is not as the file says; undefined if it is. */
  readonly wrong: string | undefined;
}

/** A file that expects a breach is judged by the oracle that it names alone. */
export function replay(file: HistoryFile, options: PlayOptions = {}): Replayed {
  const { oracle, expect } = file.about;
  const named = ORACLES.filter(({ name }) => name === oracle);
  const oracles = expect === "breach" && named.length > 0 ? named : ORACLES;
  const report = playHistory(file, { oracles, ...options });
  const [first] = report.violations;
  if (expect === "pass") {
    return { report, wrong: first === undefined ? undefined : `${first.oracle}: ${first.what}` };
  }
  return { report, wrong: first === undefined ? `${oracle ?? "no oracle"} does not object` : undefined };
}

/** The same history with every known defect mended. */
export const mended = <H extends History>(history: H): H => ({
  ...history,
  options: { ...history.options, profile: "fixed", except: [] },
});
