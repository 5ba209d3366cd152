// The two interpreters on every input of a program, with no subject beside them: what one of them says wrong is found sooner
// than where the readable one judges a run in sixteen.

import { interpret } from "../../../spec/bpf/interpret.js";
import { compiledInterpreter } from "../../../spec/compiled/interpret.js";
import type { Case } from "../../../subjects/case.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import type { Disagreement } from "../../verdict.js";
import { differenceOf, differs } from "./answer.js";
import { FUEL, RanRows } from "./report.js";

/** @returns where they differ: in what a run comes to, or in which instructions it came by; undefined where the compiled one is not there */
export function differenceBetween({ program, inputs }: Pick<Case, "program" | "inputs">): Disagreement | undefined {
  const compiled = compiledInterpreter();
  if (compiled === undefined) return undefined;
  for (const input of inputs) {
    const run = { program, input, layout: layoutOf(program, input.length), fuel: FUEL };
    const [said, meant] = [new RanRows(), new RanRows()];
    const got = compiled.interpret({ ...run, count: said.count });
    if (got === undefined) continue;
    const expected = interpret({ ...run, count: meant.count });
    const difference = differenceOf(expected, got);
    if (difference !== undefined) return difference;
    const row = got.kind === "returned" ? meant.otherThan(said) : undefined;
    if (row !== undefined) return differs({ where: row, expected: "what ran", got: "something else" });
  }
  return undefined;
}
