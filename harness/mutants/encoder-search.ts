// Every encoder through the edges of its operands, a few times over.

import { EXCEPTION } from "../../properties/verdict.js";
import { checkEncoders } from "../../subjects/impl/checks/encoders/check.js";
import { type Form, plainest } from "../../subjects/impl/checks/encoders/form.js";
import { randomSource } from "../../subjects/random/source.js";
import type { Found, Search } from "./search.js";

/** What one more sweep would find, the first few have found. */
const SWEEPS = 4;

export function encoderSearch(seed: number): Search {
  const checks = checkEncoders(randomSource(seed, 0), SWEEPS);
  return {
    name: "encoders",
    share: 1,
    step() {
      try {
        const { done, value } = checks.next();
        if (done === true) return "exhausted";
        return value.mismatch === undefined ? "nothing" : found(value.form, value.operands, value.mismatch);
      } catch (error) {
        const got = error instanceof Error ? error.message : String(error);
        return found(undefined, [], { where: EXCEPTION, expected: "a word or a refusal", got });
      }
    },
  };
}

function found(form: Form | undefined, operands: readonly unknown[], first: Omit<Found, "oracle" | "shrink">): Found {
  return {
    ...{ oracle: "encoder", where: first.where, expected: first.expected, got: first.got },
    shrink() {
      const { where, expected, got } = form === undefined ? first : plainest(form, operands);
      return { size: undefined, text: `${where}\n  expected  ${expected}\n  got      ${got}\n` };
    },
  };
}
