// What is under test: something that turns a program and an environment into A64 code, places it and runs it. The first
// subject is `impl` (`jit-subject.ts`); everything that compares results sees this interface and never `impl`.

import type { Outcome } from "../spec/bpf/outcome.js";
import type { Layout, Program, Range } from "../spec/bpf/program.js";
import type { Facts } from "../spec/bpf/validate/validate.js";
import type { CaseEnv } from "./case.js";

export interface Loaded {
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

export type LoadResult = { readonly ok: true; readonly loaded: Loaded } | { readonly ok: false; readonly why: string };

export interface Subject {
  readonly name: string;
  load(program: Program, facts: Facts, env: CaseEnv): LoadResult;
}
