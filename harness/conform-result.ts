// What came of one conformance test: a file of the public suite, or a program of a kernel self-test.

import { hex64 } from "../spec/bits.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Program } from "../spec/bpf/program.js";
import type { BadInput } from "./bad-input.js";
import type { Failure } from "./report.js";
import { shellWord } from "./shell-word.js";

export type TestResult =
  | { readonly kind: "unreadable"; readonly error: BadInput }
  | { readonly kind: "restricted"; readonly why: string }
  | { readonly kind: "refused"; readonly line: string }
  | { readonly kind: "accepted"; readonly failure: Failure }
  | { readonly kind: "incomparable" }
  | ({ readonly kind: "tested"; readonly program: Program; readonly interpreter: boolean; readonly jit: boolean } & {
      readonly failures: readonly Failure[];
    });

export const failure = (
  file: string,
  where: string,
  expected: string,
  got: string,
  replay = `npx rox run ${shellWord(file)}`,
): Failure => ({
  ...{ name: file, where, expected, got },
  replay,
});

export function say(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "nothing, it was not run";
  if (outcome.kind === "returned") return hex64(outcome.r0);
  return outcome.kind === "faulted" ? `a fault (${outcome.why}: ${outcome.detail})` : "no end within the fuel";
}
