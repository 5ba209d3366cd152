// What the JIT is given of a program: the verifier's rewriting, with maps and helpers where the layout has them, and
// blinding. Whoever runs the code and whoever lists it gets the same.

import { DEFAULT_ENV } from "../impl/jit/env.js";
import { blindFunction, bpfJitBlindConstants, type Random32, scratchOf } from "../impl/verifier/blinding.js";
import { type RewrittenFunction, rewrite, type VerifierEnv } from "../impl/verifier/rewrite.js";
import { HELPERS } from "../spec/bpf/helpers.js";
import type { Program } from "../spec/bpf/program.js";
import { type Facts, factsOfCode } from "../spec/bpf/validate/validate.js";
import type { CaseEnv } from "./case.js";
import { layoutOf } from "./run/layout.js";

export { bpfJitBlindConstants, type RewrittenFunction, rewrite, scratchOf, type VerifierEnv };

/** Bytes of kernel text that stand for one helper. */
const HELPER_BYTES = 64;
/** A helper's address minus the base of all calls. */
export const helperOffset = (id: number): number => 0x1000 + id * HELPER_BYTES;

/** By code, its functions. @param changes of the version that it is for; default: of ours */
export function lowerProgram(
  program: Program,
  facts: Facts,
  { guard = false }: Pick<CaseEnv, "guard">,
  changes = DEFAULT_ENV.changes,
): readonly (readonly RewrittenFunction[])[] {
  const { maps } = layoutOf(program, 0);
  const verifier: VerifierEnv = {
    mapObject: (index) => maps[index]!.object.base,
    mapValues: (index) => maps[index]!.values.base,
    helperOffset: (id) => (HELPERS.has(id) ? helperOffset(id) : undefined),
    rewriteDivision: guard,
    scratch: scratchOf(changes),
  };
  return program.code.map((code, index) => rewrite(code, factsOfCode(facts, index), verifier).functions);
}

/** A xorshift generator from a fixed start: 32 bits at a time, never 0. A blinded case replays to the word. */
export function repeatable(): Random32 {
  let state = 0x1234_5678;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

type BlindResult =
  | { readonly ok: true; readonly lowered: readonly (readonly RewrittenFunction[])[] }
  | { readonly ok: false; readonly why: string };

/** By code, its functions, blinded as a kernel does that draws `repeatable()`. */
export function blindCodes(
  codes: readonly (readonly RewrittenFunction[])[],
  changes = DEFAULT_ENV.changes,
): BlindResult {
  const random = repeatable();
  const lowered: RewrittenFunction[][] = [];
  for (const functions of codes) {
    const blinded: RewrittenFunction[] = [];
    for (const fn of functions) {
      const result = blindFunction(fn, random, scratchOf(changes));
      if (!result.ok) {
        const why = `blinding moves the target of slot ${result.slot} of function ${fn.index} out of reach`;
        return { ok: false, why };
      }
      blinded.push(result.fn);
    }
    lowered.push(blinded);
  }
  return { ok: true, lowered };
}
