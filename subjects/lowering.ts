// What the JIT is given of a program: the verifier's lowering, with maps and helpers where the layout has them. Whoever
// runs the code and whoever lists it gets the same.

import { type LoweredFunction, lower, type VerifierEnv } from "../impl/verifier/rewrite.js";
import { HELPERS } from "../spec/bpf/helpers.js";
import type { Program } from "../spec/bpf/program.js";
import { type Facts, factsOfCode } from "../spec/bpf/validate/validate.js";
import type { CaseEnv } from "./case.js";
import { layoutOf } from "./run/layout.js";

/** Bytes of kernel text that stand for one helper. */
const HELPER_BYTES = 64;
/** A helper's address minus the base of all calls. */
export const helperOffset = (id: number): number => 0x1000 + id * HELPER_BYTES;

/** By code, its functions. */
export function lowerProgram(
  program: Program,
  facts: Facts,
  { guard = false }: Pick<CaseEnv, "guard">,
): readonly (readonly LoweredFunction[])[] {
  const { maps } = layoutOf(program, 0);
  const verifier: VerifierEnv = {
    mapObject: (index) => maps[index]!.object.base,
    mapValues: (index) => maps[index]!.values.base,
    helperOffset: (id) => (HELPERS.has(id) ? helperOffset(id) : undefined),
    rewriteDivision: guard,
  };
  return program.code.map((code, index) => lower(code, factsOfCode(facts, index), verifier).functions);
}
