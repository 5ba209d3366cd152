// Images that a real kernel made, compared byte for byte: a fixed list, gone through once. Sees what no result can show.

import { compareBytes, describeVerdict } from "../../properties/recordings/bytes.js";
import { recordedExcerpts } from "../../properties/recordings/recording.js";
import { EXCEPTION } from "../../properties/verdict.js";
import type { Found, Search } from "./search.js";

export function recordedSearch(): Search {
  const recordings = recordedExcerpts();
  let next = 0;
  const found = (name: string, where: string, got: string): Found => ({
    ...{ oracle: where === EXCEPTION ? EXCEPTION : "recorded image", where, expected: "the recorded image", got },
    shrink: () => ({ size: undefined, text: `recording ${name}\n` }),
  });
  return {
    name: "recordings",
    share: 1,
    step() {
      const recording = recordings[next++];
      if (recording === undefined) return "exhausted";
      try {
        const verdict = compareBytes(recording);
        return verdict.kind === "equal" ? "nothing" : found(recording.name, recording.name, describeVerdict(verdict));
      } catch (error) {
        return found(recording.name, EXCEPTION, error instanceof Error ? error.message : String(error));
      }
    },
  };
}
