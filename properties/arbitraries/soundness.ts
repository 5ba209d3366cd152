// Whether a case says something: the reference returns on every input, and what it returns does not depend on where the
// frames of local calls lie, which is nobody's promise. Generated cases are sound by construction; the edits of
// the shrinker may read outside a region, loop for ever or turn a callee's frame pointer into data, and a
// disagreement about that would be about nothing.

import { interpret } from "../../spec/bpf/interpret.js";
import type { Layout } from "../../spec/bpf/program.js";
import type { Case } from "../case.js";
import { layoutOf } from "../layout.js";
import { compare } from "../verdict.js";

/** Generated cases take at most half of it. */
export const FUEL = 50_000;
const ELSEWHERE_BYTES = 0x12_3400;

export function isSound({ program, inputs }: Case): boolean {
  const calls = program.code.some((code) => code.some(({ row }) => row.kind === "call" && row.target === "local"));
  return inputs.every((input) => {
    const layout = layoutOf(program, input.length);
    const outcome = interpret({ program, input, layout, fuel: FUEL });
    if (outcome.kind !== "returned") return false;
    return (
      !calls || compare(outcome, interpret({ program, input, layout: elsewhere(layout), fuel: FUEL })).kind === "agree"
    );
  });
}

/** The same layout, but for the frames of local calls. */
function elsewhere(layout: Layout): Layout {
  const { base, bytes } = layout.calleeStacks;
  return { ...layout, calleeStacks: { base: base + ELSEWHERE_BYTES, bytes } };
}
