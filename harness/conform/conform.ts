// Conformance files through both witnesses. A file asks for a result, or it is negative: under a directory `negative`,
// or with an error section, and must then be refused. Negative files beside others are tests that pass by being
// refused; on their own they are just bad input, each with its line.

import path from "node:path";
import { type Check, checkOrCrash } from "../../properties/cases/check-or-crash.js";
import { hex64 } from "../../spec/bits.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import { type BadInput, badInputLine, type Loaded } from "../bad-input.js";
import { breather } from "../breathe.js";
import type { ConformTest } from "../case-file.js";
import { findFiles } from "../input-file.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import { shellWord } from "../shell-word.js";
import { emptyGroups, type GroupCounts, tallyGroups } from "./groups.js";

export interface ConformParts {
  load(file: string): Loaded<ConformTest>;
  readonly check: Check;
}

export interface WitnessCounts {
  readonly passed: number;
  readonly failed: number;
}

export interface ConformReport extends Report {
  readonly interpreter: WitnessCounts;
  readonly jit: WitnessCounts;
  /** Files by conformance group; a file counts in every group that it uses. */
  readonly groups: Readonly<Record<string, GroupCounts>>;
  readonly restricted: readonly { readonly name: string; readonly why: string }[];
  /** Negative files, with the line that refused them. */
  readonly refused: readonly { readonly name: string; readonly line: string }[];
}

type FileResult =
  | { readonly kind: "unreadable"; readonly error: BadInput }
  | { readonly kind: "restricted"; readonly why: string }
  | { readonly kind: "refused"; readonly line: string }
  | { readonly kind: "accepted"; readonly failure: Failure }
  | { readonly kind: "incomparable"; readonly why: string }
  | ({ readonly kind: "tested"; readonly test: ConformTest; readonly interpreter: boolean; readonly jit: boolean } & {
      readonly failures: readonly Failure[];
    });

export async function conform(
  paths: readonly string[],
  parts: ConformParts,
  stop: AbortSignal,
): Promise<ConformReport> {
  const started = Date.now();
  const found = findFiles(paths, [".data"]);
  const failures: Failure[] = [];
  const unreadable: BadInput[] = [...found.refused];
  const restricted: { name: string; why: string }[] = [];
  const refused: { name: string; line: string }[] = [];
  const witness = { interpreter: { passed: 0, failed: 0 }, jit: { passed: 0, failed: 0 } };
  const groups = emptyGroups();
  const sum = { passed: 0, failed: 0, incomparable: 0 };
  const breathe = breather();
  for (const name of found.files) {
    await breathe();
    if (stop.aborted) break;
    const result = runFile(name, parts);
    if (result.kind === "unreadable") unreadable.push(result.error);
    else if (result.kind === "restricted") restricted.push({ name, why: result.why });
    else if (result.kind === "refused") refused.push({ name, line: result.line });
    else if (result.kind === "incomparable") sum.incomparable++;
    else if (result.kind === "accepted") {
      sum.failed++;
      failures.push(result.failure);
    } else {
      const ok = result.interpreter && result.jit;
      sum[ok ? "passed" : "failed"]++;
      witness.interpreter[result.interpreter ? "passed" : "failed"]++;
      witness.jit[result.jit ? "passed" : "failed"]++;
      tallyGroups(groups, result.test.case, result);
      failures.push(...result.failures);
    }
  }
  // Refusing is passing only beside files that ran.
  const asTests = sum.passed + sum.failed > 0 ? refused.length : 0;
  const counts: Counts = {
    ...sum,
    passed: sum.passed + asTests,
    seed: null,
    interrupted: stop.aborted,
    failures,
    unreadable,
  };
  return makeReport("conform", started, counts, { ...witness, groups, restricted, refused });
}

export const isNegative = (file: string): boolean =>
  path.resolve(file).split(path.sep).slice(0, -1).includes("negative");

function runFile(file: string, { load, check }: ConformParts): FileResult {
  const read = load(file);
  const negative = isNegative(file);
  if (!read.ok) {
    return negative ? { kind: "refused", line: badInputLine(read.error) } : { kind: "unreadable", error: read.error };
  }
  const test = read.value;
  if (test.restricted !== undefined) return { kind: "restricted", why: test.restricted };
  const { runs, verdict } = checkOrCrash(test.case, check);
  const run = runs[0];
  if (run === undefined && verdict.kind === "disagree") return crashed(file, test, verdict.got);
  if (run === undefined) return { kind: "incomparable", why: "the file was not run" };
  const { expected: interpreted, got: compiled } = run;
  if (test.result === undefined) return errorExpected(file, interpreted, compiled);
  const want = { kind: "returned", r0: test.result } as const;
  const interpreter = returns(interpreted, test.result);
  const jit = returns(compiled, test.result);
  if (negative && !interpreter && !jit) {
    const line = `${file}: expected r0 = ${hex64(want.r0)}, got ${say(interpreted)} from both witnesses; correct the file`;
    return { kind: "refused", line };
  }
  if (negative) return { kind: "accepted", failure: accepted(file, `a result of ${hex64(test.result)}`) };
  const failures = [
    ...(interpreter ? [] : [failure(file, "interpreter", hex64(want.r0), say(interpreted))]),
    ...(jit ? [] : [failure(file, "JIT", hex64(want.r0), say(compiled))]),
  ];
  return { kind: "tested", test, interpreter, jit, failures };
}

const crashed = (file: string, test: ConformTest, got: string): FileResult => ({
  kind: "tested",
  test,
  interpreter: false,
  jit: false,
  failures: [failure(file, "an exception", "a result", got)],
});

function errorExpected(file: string, interpreted: Outcome, compiled: Outcome): FileResult {
  if (interpreted.kind === "faulted" && compiled.kind === "faulted") {
    return { kind: "refused", line: `${file}: expected a program that runs, got a fault: ${interpreted.detail}` };
  }
  return { kind: "accepted", failure: accepted(file, say(interpreted.kind === "faulted" ? compiled : interpreted)) };
}

const returns = (outcome: Outcome, r0: bigint): boolean => outcome.kind === "returned" && outcome.r0 === r0;

const failure = (file: string, where: string, expected: string, got: string): Failure => ({
  name: file,
  where,
  expected,
  got,
  replay: `npx rox run ${shellWord(file)}`,
});

const accepted = (file: string, got: string): Failure => failure(file, "negative file", "a refusal", got);

function say(outcome: Outcome): string {
  if (outcome.kind === "returned") return hex64(outcome.r0);
  return outcome.kind === "faulted" ? `a fault (${outcome.why}: ${outcome.detail})` : "no end within the fuel";
}
