// Whether a case says something: the reference returns on every input, and what it returns does not depend on where the
// frames of local calls lie, which is nobody's promise. Generated cases are sound by construction; the edits of
// the shrinker may read outside a region, loop for ever or turn a callee's frame pointer into data, and a
// disagreement about that would be about nothing.

import { type InterpretRun, interpret } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Layout, Program } from "../../../spec/bpf/program.js";
import { type Definedness, mendInText, mendOf, type Strictness } from "../../../spec/bpf/validate/problem.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import { compiledInterpreter } from "../../../spec/compiled/interpret.js";
import type { Case } from "../../../subjects/case.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { compare } from "../../verdict.js";

/** Generated cases take at most half of it. */
export const FUEL = 50_000;
/** Every bit of a frame's address that differs between places differs in one of these. */
const ELSEWHERE = [0x1aaa_aaa0, 0x2555_5550];

/**
 * Why no JIT would be given the program, in one line. Whether it is defined is found out when it runs; `proven` also asks
 * for what a verifier would refuse whatever the run does.
 */
export const firstProblem = (
  program: Program,
  strictness?: Strictness,
  definedness?: Definedness,
): string | undefined => problemIn(program, strictness, definedness)?.text;

/** The same, and what to do about it: with options, or in its text. */
export function problemIn(
  program: Program,
  strictness: Strictness = "verifier",
  definedness: Definedness = "run",
): { readonly text: string; readonly next: string; readonly inText: string } | undefined {
  const validity = validate(program, { strictness, definedness });
  const problem = validity.ok ? undefined : validity.problems[0];
  if (problem === undefined) return undefined;
  const code = program.code.length > 1 ? `code ${problem.code}, ` : "";
  const text = `${code}slot ${problem.pc}: ${problem.message} (${problem.reason})`;
  return { text, next: mendOf(problem), inText: mendInText(problem) };
}

/** Where it is wrong about a case because an interpreter is, the checks of that case say so. */
export function isSound({ program, inputs }: Case): boolean {
  const calls = program.code.some((code) => code.some(({ row }) => row.kind === "call" && row.target === "local"));
  return inputs.every((input) => {
    const layout = layoutOf(program, input.length);
    const outcome = returnOf({ program, input, layout });
    if (outcome === undefined || !calls) return outcome !== undefined;
    return ELSEWHERE.every((by) => {
      const other = returnOf({ program, input, layout: elsewhere(layout, by) });
      return other !== undefined && compare(outcome, other).kind === "agree";
    });
  });
}

type Run = Pick<InterpretRun, "program" | "input" | "layout">;

/** Undefined if it does not return. */
function returnOf(run: Run): Extract<Outcome, { kind: "returned" }> | undefined {
  const outcome = compiledInterpreter()?.interpret({ ...run, fuel: FUEL }) ?? interpret({ ...run, fuel: FUEL });
  return outcome.kind === "returned" ? outcome : undefined;
}

/** The same layout, but for the frames of local calls. */
function elsewhere(layout: Layout, by: number): Layout {
  const { base, bytes } = layout.calleeStacks;
  return { ...layout, calleeStacks: { base: base + by, bytes } };
}
