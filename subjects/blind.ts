// Blinding for cases: the random numbers are the same each time, so that a case replays to the word.

import { blindFunction, type Random32 } from "../impl/verifier/blinding.js";
import type { LoweredFunction } from "../impl/verifier/rewrite.js";

export type BlindResult =
  | { readonly ok: true; readonly lowered: readonly (readonly LoweredFunction[])[] }
  | { readonly ok: false; readonly why: string };

/** By code, its functions. */
export function blindCodes(codes: readonly (readonly LoweredFunction[])[]): BlindResult {
  const random = repeatable();
  const lowered: LoweredFunction[][] = [];
  for (const functions of codes) {
    const blinded: LoweredFunction[] = [];
    for (const fn of functions) {
      const result = blindFunction(fn, random);
      if (!result.ok)
        return {
          ok: false,
          why: `blinding moves the target of slot ${result.slot} of function ${fn.index} out of reach`,
        };
      blinded.push(result.fn);
    }
    lowered.push(blinded);
  }
  return { ok: true, lowered };
}

/** A xorshift generator from a fixed start: 32 bits at a time, never 0. */
export function repeatable(): Random32 {
  let state = 0x1234_5678;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
