// A function, the programs that are attached to it, and what each of them returns.

import { BRANCH_REACH } from "../../spec/a64/address.js";
import type { AttachedProgram } from "../../spec/trampoline/traced.js";
import type { FuncArg } from "../subject.js";

export interface ProgramPlan extends Omit<AttachedProgram, "id"> {
  readonly jited: boolean;
}

/**
 * Functions from whose patch site a branch just reaches the trampoline, or just does not: bytes from the one to the other.
 * Ahead and behind are where the trampoline lies.
 */
export const AT_REACH = {
  lastAhead: BRANCH_REACH - 4,
  lastBehind: -BRANCH_REACH,
  beyondAhead: BRANCH_REACH,
  beyondBehind: -BRANCH_REACH - 4,
} as const;
export type AtReach = keyof typeof AT_REACH;

export const isAtReach = (target: TrampolineSetup["target"]): target is AtReach => target in AT_REACH;

export interface TrampolineSetup {
  /** `jit`: a BPF program of one argument. `near`, `far`: a function with a patch site, within reach of a branch or not. */
  readonly target: "jit" | "near" | "far" | AtReach | "structOps";
  /** Kernel functions are out of reach of a direct call. */
  readonly helpersFar: boolean;
  readonly bti: boolean;
  /** Of a function; a program has one. No more than 8 registers. */
  readonly args: readonly FuncArg[];
  /** By register. */
  readonly values: readonly bigint[];
  readonly original: bigint;
  /** At least one program in all. struct_ops: one fentry program, which always runs, and nothing else. */
  readonly fentry: readonly ProgramPlan[];
  readonly fmodRet: readonly ProgramPlan[];
  readonly fexit: readonly ProgramPlan[];
  readonly ipArg: boolean;
  /** struct_ops: the result of the program is used. */
  readonly returns: boolean;
  /**
   * At which memory event of a poke another CPU runs through the patch site, beside those of its stores; undefined: none
   * does.
   */
  readonly moment: number | undefined;
}

/** The argument of a BPF program. */
export const WORD: FuncArg = { bytes: 8, isStruct: false };

export const registersOf = (list: readonly FuncArg[]): number =>
  list.reduce((n, { bytes, isStruct }) => n + (isStruct && bytes > 8 ? 2 : 1), 0);
