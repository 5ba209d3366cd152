// Files of cases, for a test of each.

import { defaultEngine, engineByName } from "../engines/index.js";
import { Refusal } from "../harness/bad-input.js";
import { readCorpus } from "../harness/corpus/store.js";
import type { Verdict } from "../properties/verdict.js";
import type { CheckOptions } from "./check.js";
import { behind, subject as subjectOf } from "./subjects.js";

export interface CorpusEntry {
  /** The file, and which program of it where it has several. */
  readonly name: string;
  readonly title: string | undefined;
  /** The command that shows it. */
  readonly command: string;
  /** Held against what the file says must come out. */
  replay(options?: Pick<CheckOptions, "subject" | "engine">): Verdict;
}

/**
 * The case files (`.bpf`, `.history`, ...) and programs of object files below these folders, in name order.
 *
 * @throws Refusal if one of them cannot be read, or there is none
 */
export function corpus(...paths: readonly string[]): readonly CorpusEntry[] {
  const { entries, unreadable } = readCorpus(paths);
  if (unreadable[0] !== undefined) throw new Refusal(unreadable[0]);
  if (entries.length === 0) {
    const next = "check the path";
    throw new Refusal({ subject: paths.join(", "), expected: "case files", got: "none", next });
  }
  return entries.map((entry) => ({
    ...{ name: entry.name, title: entry.head.title, command: entry.command },
    replay: ({ subject = subjectOf(), engine = defaultEngine() } = {}) =>
      entry.replay(engineByName(engine.name)!, behind(subject)),
  }));
}
