// Every encoder through the edges of its operands, a few times over.

import { checkEncoders } from "../../properties/encoders/check.js";
import { type Form, plainest } from "../../properties/encoders/form.js";
import { EXCEPTION } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
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
        const actual = error instanceof Error ? error.message : String(error);
        return found(undefined, [], { where: EXCEPTION, expected: "a word or a refusal", actual });
      }
    },
  };
}

function found(form: Form | undefined, operands: readonly unknown[], first: Omit<Found, "oracle" | "shrink">): Found {
  return {
    ...{ oracle: "encoder", where: first.where, expected: first.expected, actual: first.actual },
    shrink() {
      const { where, expected, actual } = form === undefined ? first : plainest(form, operands);
      return { size: undefined, text: `${where}\n  expected  ${expected}\n  came      ${actual}\n` };
    },
  };
}
