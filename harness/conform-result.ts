// What came of one conformance test: a file of the public suite, or a program of a kernel self-test.

import { isUncompared, type Verdict, whyUncompared } from "../properties/verdict.js";
import { hex64 } from "../spec/bits.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Program } from "../spec/bpf/program.js";
import type { BadInput } from "./bad-input.js";
import type { Failure } from "./report.js";

export type TestResult =
  | { readonly kind: "unreadable"; readonly error: BadInput }
  | { readonly kind: "restricted"; readonly why: string }
  | { readonly kind: "refused"; readonly line: string }
  | { readonly kind: "accepted"; readonly failure: Failure }
  | { readonly kind: "incomparable"; readonly why: string }
  | ({ readonly kind: "tested"; readonly program: Program; readonly interpreter: boolean; readonly jit: boolean } & {
      readonly failures: readonly Failure[];
    });

/** There is no answer to compare. What the subject lacks is no fault of the run; all else is. */
export function uncompared(verdict: Verdict): TestResult {
  if (!isUncompared(verdict)) return { kind: "incomparable", why: "it was not run" };
  return { kind: verdict.kind === "refused" ? "restricted" : "incomparable", why: whyUncompared(verdict) };
}

export const failure = (file: string, where: string, expected: string, got: string, replay: string): Failure => ({
  ...{ name: file, where, expected, got },
  replay,
});

export function say(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "nothing, it was not run";
  if (outcome.kind === "returned") return hex64(outcome.r0);
  return outcome.kind === "faulted" ? `a fault (${outcome.why}: ${outcome.detail})` : "no end within the fuel";
}
