// Conformance files, and the kernel's self-tests, through both witnesses. A file asks for a result, or it is negative:
// under a directory `negative`, or with an error section, and must then be refused. Negative files beside others are
// tests that pass by being refused; on their own they are just bad input, each with its line.

import path from "node:path";
import { checkOrCrash } from "../properties/cases/check-or-crash.js";
import type { Check } from "../properties/cases/program/report.js";
import { hex64 } from "../spec/bits.js";
import { type Group, ROWS } from "../spec/bpf/isa.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Program } from "../spec/bpf/program.js";
import { defaultSubject } from "../subjects/index.js";
import type { AnySubject } from "../subjects/program-subject.js";
import { type BadInput, badInputLine } from "./bad-input.js";
import { breather } from "./breathe.js";
import { onSubject } from "./case-command.js";
import { loadDataFile } from "./case-file.js";
import { failure, say, type TestResult, uncompared } from "./conform-result.js";
import { findFiles } from "./input-file.js";
import { isObjectFile, OBJECT_EXTENSION } from "./object-file.js";
import { type Counts, type Failure, makeReport, type Report } from "./report.js";
import { runSelfTests } from "./self-tests.js";
import { shellWord } from "./shell-word.js";

interface WitnessCounts {
  passed: number;
  failed: number;
}
interface GroupCounts {
  files: number;
  interpreter: number;
  jit: number;
}

export interface ConformReport extends Report {
  readonly interpreter: Readonly<WitnessCounts>;
  readonly jit: Readonly<WitnessCounts>;
  /** Files by group of RFC 9669, which is what a runtime claims; a file counts in every group that it uses. */
  readonly groups: Readonly<Record<string, GroupCounts>>;
  readonly restricted: readonly { readonly name: string; readonly why: string }[];
  /** Of the incomparable ones, why there is nothing to compare. */
  readonly uncompared: readonly { readonly name: string; readonly why: string }[];
  /** Negative files, with the line that refused them. */
  readonly refused: readonly { readonly name: string; readonly line: string }[];
}

const GROUPS: readonly Group[] = [...new Set(ROWS.map(({ group }) => group))].filter((group) => group !== "kernel");

/** @param subject whose code the self-tests that say how it must look are held against */
export async function conform(
  paths: readonly string[],
  check: Check,
  stop: AbortSignal,
  subject: AnySubject = defaultSubject,
): Promise<ConformReport> {
  const started = Date.now();
  const found = findFiles(paths, [".data", OBJECT_EXTENSION]);
  const failures: Failure[] = [];
  const unreadable: BadInput[] = [...found.refused];
  const restricted: { name: string; why: string }[] = [];
  const incomparable: { name: string; why: string }[] = [];
  const refused: { name: string; line: string }[] = [];
  const witness = { interpreter: { passed: 0, failed: 0 }, jit: { passed: 0, failed: 0 } };
  const groups: Record<string, GroupCounts> = Object.fromEntries(
    GROUPS.map((name) => [name, { files: 0, interpreter: 0, jit: 0 }]),
  );
  const sum = { passed: 0, failed: 0 };
  const breathe = breather();
  const take = (name: string, result: TestResult): void => {
    if (result.kind === "unreadable") unreadable.push(result.error);
    else if (result.kind === "restricted") restricted.push({ name, why: result.why });
    else if (result.kind === "refused") refused.push({ name, line: result.line });
    else if (result.kind === "incomparable") incomparable.push({ name, why: result.why });
    else if (result.kind === "accepted") {
      sum.failed++;
      failures.push(result.failure);
    } else {
      const { interpreter, jit } = result;
      sum[interpreter && jit ? "passed" : "failed"]++;
      witness.interpreter[interpreter ? "passed" : "failed"]++;
      witness.jit[jit ? "passed" : "failed"]++;
      for (const counts of groupsOf(result.program).flatMap((group) => groups[group] ?? [])) {
        counts.files++;
        if (interpreter) counts.interpreter++;
        if (jit) counts.jit++;
      }
      failures.push(...result.failures);
    }
  };
  for (const file of found.files) {
    await breathe();
    if (stop.aborted) break;
    if (isObjectFile(file)) for (const { name, result } of await runSelfTests(file, check, subject)) take(name, result);
    else take(file, runFile(file, check, `npx rox run ${shellWord(file)}${onSubject(subject.name)}`));
  }
  // Refusing is passing only beside files that ran.
  const asTests = sum.passed + sum.failed > 0 ? refused.length : 0;
  const rest = { seed: null, subject: subject.name, interrupted: stop.aborted, failures, unreadable };
  const counts: Counts = { ...sum, passed: sum.passed + asTests, incomparable: incomparable.length, ...rest };
  return makeReport("conform", started, counts, { ...witness, groups, restricted, uncompared: incomparable, refused });
}

/** Of its instructions. */
const groupsOf = (program: Program): readonly Group[] => [
  ...new Set(program.code.flatMap((code) => code.map(({ row }) => row.group))),
];

const isNegative = (file: string): boolean => path.resolve(file).split(path.sep).slice(0, -1).includes("negative");

function runFile(file: string, check: Check, replay: string): TestResult {
  const read = loadDataFile(file);
  const negative = isNegative(file);
  if (!read.ok) {
    return negative ? { kind: "refused", line: badInputLine(read.error) } : { kind: "unreadable", error: read.error };
  }
  const test = read.value;
  const { result } = test;
  if (test.restricted !== undefined) return { kind: "restricted", why: test.restricted };
  const { runs, verdict } = checkOrCrash(test.case, check);
  const run = runs[0];
  if (run === undefined) {
    if (verdict.kind !== "disagree") return uncompared(verdict);
    const failures = [failure(file, "an exception", "a result", verdict.got, replay)];
    return { kind: "tested", program: test.case.program, interpreter: false, jit: false, failures };
  }
  if (result === undefined) return errorExpected(file, run.expected, run.got, replay);
  const returns = (outcome: Outcome | undefined): boolean => outcome?.kind === "returned" && outcome.r0 === result;
  const [interpreter, jit] = [returns(run.expected), returns(run.got)];
  const want = hex64(result);
  if (negative && (interpreter || jit)) return accepted(file, `a result of ${want}`, replay);
  if (negative) {
    const got = `got ${say(run.expected)} from both witnesses`;
    return { kind: "refused", line: `${file}: expected r0 = ${want}, ${got}; correct the file` };
  }
  if (run.got === undefined) return uncompared(verdict);
  const failures = [
    ...(interpreter ? [] : [failure(file, "interpreter", want, say(run.expected), replay)]),
    ...(jit ? [] : [failure(file, "JIT", want, say(run.got), replay)]),
  ];
  return { kind: "tested", program: test.case.program, interpreter, jit, failures };
}

function errorExpected(file: string, interpreted: Outcome, compiled: Outcome | undefined, replay: string): TestResult {
  if (interpreted.kind === "faulted" && (compiled === undefined || compiled.kind === "faulted")) {
    return {
      kind: "refused",
      line: `${file}: expected a program that runs, got a fault: ${interpreted.detail}; correct the program`,
    };
  }
  return accepted(file, say(interpreted.kind === "faulted" ? compiled : interpreted), replay);
}

const accepted = (file: string, got: string, replay: string): TestResult => ({
  ...{ kind: "accepted", failure: failure(file, "negative file", "a refusal", got, replay) },
});
