// What a run of the gate found beside programs, for its page: shrunk cases of the other kinds, and failures that have no
// case, such as an edge, an encoder or a lesson.

import path from "node:path";
import { defaultEngine } from "../../engines/index.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { parseHistory } from "../../properties/cases/history/text.js";
import { caseCommand } from "../case-command.js";
import type { Failure } from "../report.js";
import type { CaseFinding } from "../sequences/finding.js";
import type { FindingData } from "./data.js";
import { historyFindingData } from "./history-finding-data.js";

/** Of a finding that nothing was run for: there is its text, and what was said. */
export const NOTHING_RUN = { rows: [], groups: [], listing: [], steps: [], stepsCut: false, events: [] };

export function caseFindingData(finding: CaseFinding): FindingData {
  const { kind, file, text, oracle, where, expected, got, before, after, unit } = finding;
  const name = path.basename(file, path.extname(file));
  const replay = caseCommand(file);
  const about = { name, title: `${oracle} objects`, oracle, where, expected, got, text, replay };
  const shrunk = { before, after, unit: `${unit}s` };
  const history = kind === HISTORIES.name ? parseHistory(text) : undefined;
  if (history?.ok !== true) return { ...NOTHING_RUN, ...about, shrunk };
  const failed = { name, history: history.value, engine: defaultEngine(), oracle, expected, got, replay };
  return { ...historyFindingData(failed), ...about, shrunk };
}

export function plainFailureData({ name, where, expected, got, replay = "" }: Failure): FindingData {
  const anchor = path.basename(name).replaceAll(/[^\w.-]+/g, "-");
  return { ...NOTHING_RUN, name: anchor, title: name, oracle: where, where, expected, got, text: "", replay };
}
