// The corpus, replayed once: a baseline that says how much of what went wrong before its lessons would have caught.

import path from "node:path";
import { defaultEngine } from "../../engines/index.js";
import { EXCEPTION } from "../check-or-crash.js";
import { readCorpus } from "../corpus/store.js";
import { corpusDirectory } from "../project.js";
import type { Found, Search } from "./search.js";

export function corpusSearch(): Search {
  const { entries } = readCorpus([corpusDirectory()]);
  const engine = defaultEngine();
  let next = 0;
  const found = (file: string, where: string, expected: string, actual: string): Found => ({
    ...{ oracle: where === EXCEPTION ? EXCEPTION : "lesson", where, expected, actual },
    shrink: () => ({ size: undefined, text: `lesson ${path.basename(file)}\n` }),
  });
  return {
    name: "corpus",
    share: 1,
    isBaseline: true,
    step() {
      const entry = entries[next++];
      if (entry === undefined) return "exhausted";
      try {
        const verdict = entry.replay(engine);
        return verdict.kind === "disagree"
          ? found(entry.file, verdict.where, verdict.expected, verdict.actual)
          : "nothing";
      } catch (error) {
        const actual = error instanceof Error ? error.message : String(error);
        return found(entry.file, EXCEPTION, "a verdict", actual);
      }
    },
  };
}
