// The corpus, replayed once: a baseline that says how much of what went wrong before its lessons would have caught.

import path from "node:path";
import { defaultEngine } from "../../engines/index.js";
import { EXCEPTION } from "../../properties/verdict.js";
import { readCorpus } from "../corpus/store.js";
import { corpusDirectory } from "../project.js";
import type { Found, Search } from "./search.js";

export function corpusSearch(): Search {
  const { entries } = readCorpus([corpusDirectory()]);
  const engine = defaultEngine();
  let next = 0;
  const found = (file: string, where: string, expected: string, got: string): Found => ({
    ...{ oracle: where === EXCEPTION ? EXCEPTION : "lesson", where, expected, got },
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
          ? found(entry.file, verdict.where, verdict.expected, verdict.got)
          : "nothing";
      } catch (error) {
        const got = error instanceof Error ? error.message : String(error);
        return found(entry.file, EXCEPTION, "a verdict", got);
      }
    },
  };
}
