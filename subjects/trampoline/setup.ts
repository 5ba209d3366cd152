// A function, the programs that are attached to it, and what each of them returns.

import { BRANCH_REACH } from "../../spec/a64/address.js";
import type { AttachedProgram } from "../../spec/trampoline/traced.js";
import type { FuncArg } from "../subject.js";

export interface ProgramPlan extends Omit<AttachedProgram, "id" | "session"> {
  readonly jited: boolean;
}

/** One link for entry and exit. */
export interface SessionPlan extends ProgramPlan {
  /** What it leaves at the entry in the eight bytes that are its own; undefined: it has none. */
  readonly leaves: bigint | undefined;
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
  /** Of a function; a program has one. No more than 12 words, of which 8 go in registers. */
  readonly args: readonly FuncArg[];
  /** By word. */
  readonly values: readonly bigint[];
  readonly original: bigint;
  /** At least one program in all. struct_ops: one fentry program, which always runs, and nothing else. */
  readonly fentry: readonly ProgramPlan[];
  readonly fmodRet: readonly ProgramPlan[];
  readonly fexit: readonly ProgramPlan[];
  /** The first ones at the entry, and the first ones at the exit. */
  readonly fsession: readonly SessionPlan[];
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

/** Bytes of a word of arguments. */
const WORD_BYTES = 8;
const REGISTERS = 8;
/** Of a traced function, since Linux 6.16; before, as many as there are registers. */
export const MOST_WORDS = 12;

export const wordsOf = (list: readonly FuncArg[]): number =>
  list.reduce((n, { bytes, isStruct }) => n + (isStruct && bytes > WORD_BYTES ? 2 : 1), 0);

/** Words of arguments by where they are passed. */
export interface Passed {
  readonly registers: number;
  /** Of each word on the stack, the bytes that belong to the argument. */
  readonly stack: readonly number[];
}

/** An argument that no longer fits into the registers lies on the stack, and so do all behind it. */
export function passed(list: readonly FuncArg[]): Passed {
  let registers = 0;
  const stack: number[] = [];
  for (const arg of list) {
    const words = wordsOf([arg]);
    if (stack.length === 0 && registers + words <= REGISTERS) registers += words;
    else for (let k = 0; k < words; k++) stack.push(Math.min(WORD_BYTES, arg.bytes - WORD_BYTES * k));
  }
  return { registers, stack };
}
