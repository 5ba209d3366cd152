// A kind of trial: something that can be drawn at random, judged, made smaller, written to a file and read again. Whatever
// tries things at random (the gate, campaigns, the search for mutants) or keeps them (findings, the corpus) works on
// kinds and knows none of them by name. Adding one is a file here and a line in `index.ts`.

import type { Engine } from "../../engines/engine.js";
import type { Disagreement, Verdict } from "../verdict.js";
import type { CompiledFunction } from "./compile.js";
import type { StillFails } from "./shrink.js";

export interface Stage<C> {
  /** Whatever goes wrong inside a witness is an objection of `no-exception`; the stage stays usable. Never throws. */
  judge(c: C): Verdict;
}

/** What a file says about its case. */
export interface AboutCase {
  readonly title: string | undefined;
  readonly oracle?: string | undefined;
  /** Of the content, where the file says it. */
  readonly id?: string | undefined;
  /** One line each. */
  readonly notes?: readonly string[];
}

/** `message` is one line, and begins with the line number where there is one. */
export type ReadCase<C> =
  | { readonly ok: true; readonly value: C; readonly about: AboutCase }
  | { readonly ok: false; readonly error: { readonly message: string } };

export interface Kind<C> {
  readonly name: "programs" | "histories" | "kernel rows" | "tracing";
  /** Of its files, with the dot. */
  readonly extension: ".bpf" | ".history" | ".rows" | ".tracing";
  /** One of them, as in `a program to run`. */
  readonly what: string;
  /** What `size` counts, as in `instruction`. */
  readonly unit: string;
  /** Depends on seed and index alone. */
  fresh(seed: number, index: number): C;
  /**
   * What judges cases on an engine: make it once, use it for many. A kind that needs what only the reference engine has
   * runs on that one.
   */
  stage(engine: Engine): Stage<C>;
  size(c: C): number;
  /** The simplest case found that still fails, or the same one. @param runs how often `fails` may be asked */
  minimize(c: C, fails: StillFails<C>, runs: number): C;
  /** Text that `parse` reads back as the same case. */
  print(c: C, about: AboutCase): string;
  parse(text: string): ReadCase<C>;
  /** The code that a case is compiled to, where it is about code: shown beside it. Nothing if it does not compile. */
  code?(c: C): readonly CompiledFunction[];
}

/** A kind whose cases are only handed on. */
export type AnyKind = Kind<unknown>;

/** Whether something fails as `found` does: what must stay the same while it is made smaller. */
export const failsLike =
  <C>(stage: Stage<C>, found: Pick<Disagreement, "oracle" | "reason">): ((candidate: C) => boolean) =>
  (candidate) => {
    const judged = stage.judge(candidate);
    return judged.kind === "disagree" && judged.oracle === found.oracle && judged.reason === found.reason;
  };
