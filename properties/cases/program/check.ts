// One case, start to end: is it valid, what does the reference say, what does the subject do, and do the two agree on
// every input. The harness loops over this.

import type { Engine } from "../../../engines/engine.js";
import { defaultEngine } from "../../../engines/index.js";
import type { JitEnv } from "../../../impl/jit/env.js";
import { type InterpretRun, interpret } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Problem, Strictness } from "../../../spec/bpf/validate/problem.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { JitSubject } from "../../../subjects/impl/jit-subject.js";
import type { ProgramSubject } from "../../../subjects/program-subject.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { compare, notCompiled, type Verdict, withoutNumbers } from "../../verdict.js";

export interface Checker {
  readonly subject: ProgramSubject;
  readonly strictness: Strictness;
}
export interface CheckerOptions {
  /** Every run is made on each of them. Default: the fastest that is there. */
  readonly engines?: readonly Engine[];
  readonly env?: JitEnv;
  /** Default: what Linux would load. */
  readonly strictness?: Strictness;
}

/** BPF instructions that the reference may run, and A64 instructions that the code may take for them. */
export const FUEL = 100_000;
export const A64_FUEL = 40 * FUEL;

export const makeChecker = ({
  engines = [defaultEngine()],
  env,
  strictness = "verifier",
}: CheckerOptions = {}): Checker => ({
  subject: new JitSubject({ engines, fuel: A64_FUEL, ...(env === undefined ? {} : { env }) }),
  strictness,
});

export interface RunReport {
  /** Index into the case's inputs. */
  readonly input: number;
  /** What ran the subject's code. */
  readonly engine: string;
  readonly expected: Outcome;
  readonly got: Outcome;
  readonly verdict: Verdict;
}
export type CaseReport =
  /** Not a program that a JIT would be given: nothing was compared. */
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  | {
      readonly kind: "checked";
      /** The first disagreement, else the first run that could not be compared, else agreement. */
      readonly verdict: Verdict;
      readonly runs: readonly RunReport[];
      /** BPF slots, A64 words, and A64 instructions over all runs. */
      readonly slots: number;
      readonly words: number;
      readonly executed: number;
    };

export function checkCase(c: Case, bench: Checker, count?: InterpretRun["count"]): CaseReport {
  const { program, inputs, env } = c;
  const validity = validate(program, { strictness: bench.strictness });
  if (!validity.ok) return { kind: "invalid", problems: validity.problems };
  const slots = program.code.reduce((n, code) => n + code.length, 0);
  const load = bench.subject.load(program, validity.facts, env);
  if (!load.ok) {
    return { kind: "checked", verdict: notCompiled(load.why), runs: [], slots, words: 0, executed: 0 };
  }
  const { loaded } = load;
  const runs: RunReport[] = [];
  let executed = 0;
  for (const [index, input] of inputs.entries()) {
    const layout = layoutOf(program, input.length, loaded.frames);
    const expected = interpret({ program, input, layout, fuel: FUEL, count });
    for (const got of loaded.run(input, layout, expected.kind === "returned" ? expected.code : 0)) {
      const { engine, outcome } = got;
      executed += got.executed;
      runs.push({ input: index, engine, expected, got: outcome, verdict: compare(expected, outcome) });
    }
  }
  const breaches = [...loaded.breaches, ...loaded.free()];
  return { kind: "checked", verdict: worst(runs, breaches), runs, slots, words: loaded.words, executed };
}

function worst(runs: readonly RunReport[], breaches: readonly string[]): Verdict {
  const find = (kind: Verdict["kind"]): Verdict | undefined => runs.find((r) => r.verdict.kind === kind)?.verdict;
  if (breaches.length > 0) {
    const got = breaches.join("; ");
    const memory = {
      oracle: "text-memory",
      reason: withoutNumbers(got),
      where: "text memory",
      expected: "the image, and nothing else changed",
      got,
    };
    return find("disagree") ?? { kind: "disagree", ...memory };
  }
  return find("disagree") ?? find("incomparable") ?? { kind: "agree" };
}
