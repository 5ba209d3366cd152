// The facts of a program that is known to be valid, without following its registers: where the context has no fields and no
// function lets its frame pointer out of r10, each access to a frame names its place itself. One look at each slot, against
// a fixed point over all blocks in `validate`, which finds the same facts.

import { FP, type Insn } from "../insn.js";
import { hasFields, type Program } from "../program.js";
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
    const stackDepth = depthOf(insns, start, end);
    if (stackDepth === undefined) return undefined;
    found.push({ code, start, end, stackDepth });
  }
  return found;
}

/** Bytes, a multiple of 8; undefined if r10 is used for anything but the base of an access. */
function depthOf(insns: readonly Insn[], start: number, end: number): number | undefined {
  let deepest = 0;
  for (let pc = start; pc < end; pc++) {
    const { row, dst, src, off } = insns[pc]!;
    let base = -1;
    switch (row.kind) {
      case "load":
      case "loadAcquire":
        base = src;
        break;
      case "store":
      case "storeRelease":
      case "atomic":
        if (src === FP) return undefined;
        base = dst;
        break;
      case "storeImm":
        base = dst;
        break;
      default:
        if ((row.src === "r" && src === FP) || (row.dst === "r" && dst === FP)) return undefined;
        break;
    }
    if (base === FP && -off > deepest) deepest = -off;
  }
  return Math.ceil(deepest / 8) * 8;
}
