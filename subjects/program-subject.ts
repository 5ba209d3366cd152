// What is under test: something that turns a program and an environment into A64 code, places it and runs it. The first
// subject is `impl` (`jit-subject.ts`); everything that compares results sees this interface and never `impl`.

import type { Insn } from "../spec/bpf/insn.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Layout, Program, Range } from "../spec/bpf/program.js";
import type { Facts } from "../spec/bpf/validate/validate.js";
import type { CaseEnv } from "./case.js";

/** One compiled function, for those who look at the code itself. */
export interface LoadedImage {
  /** Index into `Program.code`. */
  readonly code: number;
  /** What the JIT was given; `origin` has the slot of the code that each was made from. */
  readonly insns: readonly Insn[];
  readonly origin: Int32Array;
  /** Word index of each of `insns`, and of the epilogue at the end. */
  readonly offsets: Int32Array;
  readonly words: Uint32Array;
  /** Low 48 bits of the address of the first word. */
  readonly va: number;
}

export interface Loaded {
  /** The compiled functions, from a subject that shows them. */
  readonly images?: () => readonly LoadedImage[];
  /** By code: where its frame lies, for the layout of the runs. */
  readonly frames: readonly Range[];
  /** A64 words of all images. */
  readonly words: number;
  /** One line for each rule of text memory that the load broke. */
  readonly breaches: readonly string[];
  /**
   * Run it on one input, once on each engine, from the same state each time.
   * @param lastCode whose frame is the region `stack` of the outcome.
   */
  run(input: Uint8Array, layout: Layout, lastCode: number): readonly SubjectOutcome[];
  /** @returns one line for each rule of text memory that the free broke. */
  free(): readonly string[];
}

export interface SubjectOutcome {
  /** What ran the code. */
  readonly engine: string;
  readonly outcome: Outcome;
  /** A64 instructions. */
  readonly executed: number;
}

export type ProgramLoad = { readonly ok: true; readonly loaded: Loaded } | { readonly ok: false; readonly why: string };

export interface ProgramSubject {
  readonly name: string;
  load(program: Program, facts: Facts, env: CaseEnv): ProgramLoad;
}
