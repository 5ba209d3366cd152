// The facts of a program that is known to be valid, from one look at each slot: where the context has no fields and pointers
// to a frame do not outlive the straight code that makes them. `validate`, which follows the registers to a fixed point over
// all blocks, finds the same facts.

import type { Insn } from "../insn.js";
import { hasFields, type Program } from "../program.js";
import { depthAtSight } from "./frame-at-sight.js";
import { functionStarts } from "./functions.js";
import type { Facts } from "./validate.js";

type FunctionFacts = Facts["functions"][number];

/** Undefined: the registers must be followed. */
export function factsAtSight({ code, context }: Program): Facts | undefined {
  if (hasFields(context)) return undefined;
  const functions: FunctionFacts[] = [];
  for (let i = 0; i < code.length; i++) {
    const found = functionsOf(code[i]!, i);
    if (found === undefined) return undefined;
    for (const one of found) functions.push(one);
  }
  return { functions, contextLoads: code.map(() => NOWHERE) };
}
const NOWHERE: ReadonlySet<number> = new Set();

function functionsOf(insns: readonly Insn[], code: number): readonly FunctionFacts[] | undefined {
  const starts = functionStarts(insns);
  const found: FunctionFacts[] = [];
  for (let f = 0; f < starts.length; f++) {
    const start = starts[f]!;
    const end = starts[f + 1] ?? insns.length;
    const stackDepth = depthAtSight(insns, start, end);
    if (stackDepth === undefined) return undefined;
    found.push({ code, start, end, stackDepth });
  }
  return found;
}
