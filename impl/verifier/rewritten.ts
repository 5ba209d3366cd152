// What a verifier hands to a JIT, and where each instruction comes from.

import type { Insn } from "../../spec/bpf/insn.js";
import type { JitFunction } from "../jit/function.js";

export interface RewrittenFunction extends JitFunction {
  /** Index of an instruction -> slot of the code that it was made from. */
  readonly origin: Int32Array;
  /** Where the budget of `may_goto` is counted down, from the frame pointer: below all that the program itself uses. */
  readonly counter?: number | undefined;
}

/** All of one shape, as a JIT reads each of their fields. */
export const madeOf = (
  index: number,
  insns: readonly Insn[],
  origin: Int32Array,
  stackDepth: number,
  counter: number | undefined,
): RewrittenFunction => ({
  insns,
  index,
  stackDepth,
  exceptionBoundary: undefined,
  exceptionCallback: undefined,
  wasClassic: undefined,
  arena: undefined,
  privateStack: undefined,
  stackArguments: undefined,
  origin,
  counter,
});

/** The same function with something else in it. */
export const variantOf = (
  fn: RewrittenFunction,
  {
    insns = fn.insns,
    origin = fn.origin,
    privateStack = fn.privateStack,
    stackArguments = fn.stackArguments,
  }: Partial<Pick<RewrittenFunction, "insns" | "origin" | "privateStack" | "stackArguments">>,
): RewrittenFunction => ({
  insns,
  index: fn.index,
  stackDepth: fn.stackDepth,
  exceptionBoundary: fn.exceptionBoundary,
  exceptionCallback: fn.exceptionCallback,
  wasClassic: fn.wasClassic,
  arena: fn.arena,
  privateStack,
  stackArguments,
  origin,
  counter: fn.counter,
});
