// Every encoder through the edges of its operands, a few times over.

import { EXCEPTION } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import { randomSource } from "../../subjects/random/source.js";
import type { Mismatch } from "../../subjects/subject.js";
import type { Found, Search } from "./search.js";

/** What one more sweep would find, the first few have found. */
const SWEEPS = 4;

export function encoderSearch(seed: number): Search {
  const checks = defaultSubject.encoders?.(randomSource(seed, 0), SWEEPS);
  return {
    name: "encoders",
    share: 1,
    step() {
      try {
        const next = checks?.next();
        if (next === undefined || next.done === true) return "exhausted";
        return next.value.mismatch === undefined ? "nothing" : found(next.value.mismatch, next.value.plainest);
      } catch (error) {
        const got = error instanceof Error ? error.message : String(error);
        return found({ where: EXCEPTION, expected: "a word or a refusal", got });
      }
    },
  };
}

function found(first: Mismatch, plainest: () => Mismatch = () => first): Found {
  return {
    ...{ oracle: "encoder", ...first },
    shrink() {
      const { where, expected, got } = plainest();
      return { size: undefined, text: `${where}\n  expected  ${expected}\n  got      ${got}\n` };
    },
  };
}
