// The kernel's self-tests of its verifier, compiled: each program says in its tags whether Linux loads it and what it
// returns. What Linux loads must run here and return that; what it refuses for reasons that only its verifier knows may
// run here too, and then says nothing.

import { checkOrCrash } from "../properties/cases/check-or-crash.js";
import type { Check } from "../properties/cases/program/report.js";
import { firstProblem } from "../properties/cases/program/soundness.js";
import { fieldAccess } from "../spec/bpf/context-fields.js";
import { expectationsOf } from "../spec/bpf/object/expectations.js";
import { programsOf } from "../spec/bpf/object/object.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Program } from "../spec/bpf/program.js";
import { parsed } from "../spec/malformed.js";
import type { Case } from "../subjects/case.js";
import { inProfiles } from "../subjects/open.js";
import { type AnySubject, isKernel } from "../subjects/program-subject.js";
import type { Subject } from "../subjects/subject.js";
import { badInputLine } from "./bad-input.js";
import { onSubject } from "./case-command.js";
import { failure, say, type TestResult, uncompared } from "./conform-result.js";
import { missingLine } from "./expected-code.js";
import { llvmLines } from "./format/llvm-code.js";
import { compileCase } from "./listing.js";
import { caseOfProgram, loadObject } from "./object-file.js";
import { givenByRunner } from "./self-test-runner.js";
import { shellWord } from "./shell-word.js";

type Expectation = NonNullable<ReturnType<ReturnType<typeof expectationsOf>["get"]>>;

const OURS = "ARM64";
const MEND = "compile it again";

/** Each program of an object file, held against its tags. */
export async function runSelfTests(
  file: string,
  check: Check,
  subject: AnySubject,
): Promise<readonly { readonly name: string; readonly result: TestResult }[]> {
  const object = loadObject(file);
  if (!object.ok) return [{ name: file, result: { kind: "unreadable", error: object.error } }];
  const { btf } = object.value;
  const read = parsed(() => (btf === undefined ? new Map<string, Expectation>() : expectationsOf(btf)));
  if (!read.ok)
    return [{ name: file, result: { kind: "unreadable", error: { subject: file, next: MEND, ...read.error } } }];
  const expectations = read.value;
  if (btf === undefined) {
    const next = "name self-tests of the kernel, compiled with -g";
    const error = { subject: file, expected: "programs that say what comes of them", got: "no section .BTF", next };
    return [{ name: file, result: { kind: "unreadable", error } }];
  }
  if (expectations.size === 0)
    return [
      { name: file, result: { kind: "restricted", why: "expects nothing: no program of it has a tag of self-tests" } },
    ];
  const results = programsOf(object.value).map(async (fn): Promise<{ name: string; result: TestResult }> => {
    const name = `${file}, ${fn.name}`;
    const expectation = expectations.get(fn.name);
    const kept = expectation === undefined ? "says nothing of what comes of it" : keptFrom(expectation);
    if (kept !== undefined || expectation === undefined)
      return { name, result: { kind: "restricted", why: kept ?? "" } };
    const made = caseOfProgram(file, object.value, fn, undefined);
    if (made.ok) {
      const on = onSubject(subject.name);
      const result = held(made.value, expectation, check, name, `npx rox conform ${shellWord(file)}${on}`);
      const listing = `npx rox jit ${shellWord(file)} --function ${shellWord(fn.name)}${on}`;
      return { name, result: await heldCode(result, made.value, expectation, subject, name, listing) };
    }
    const line = badInputLine(made.error);
    return {
      name,
      result: expectation.loads === false ? { kind: "refused", line } : { kind: "restricted", why: line },
    };
  });
  return Promise.all(results);
}

function keptFrom({ isPart, loads, returns, architectures, linearBytes }: Expectation): string | undefined {
  if (architectures.length > 0 && !architectures.includes(OURS)) return `is for ${architectures.join(", ")}`;
  if (linearBytes !== undefined) return "asks for a packet in several pieces (Linux 6.19), and packets here are in one";
  if (isPart) return "is a part of other tests";
  return loads === undefined && returns === undefined ? "says nothing of what comes of it with privileges" : undefined;
}

/** With what the code of the program must look like, where nothing else was wrong. */
async function heldCode(
  result: TestResult,
  c: Case,
  { code }: Expectation,
  subject: AnySubject,
  name: string,
  replay: string,
): Promise<TestResult> {
  if (code.length === 0 || result.kind !== "tested" || !result.jit) return result;
  if (!isKernel(subject)) return { kind: "restricted", why: "asks for code of Linux, which the subject is not" };
  const missing = await missingIn(c, code, subject);
  if (missing === undefined) return result;
  if (typeof missing === "string") return { kind: "restricted", why: missing };
  const profile = subject.hasProfiles ? await profileWith(c, code) : undefined;
  if (profile !== undefined)
    return { kind: "restricted", why: `asks for code of another Linux; give --subject ${profile}` };
  const failures = [failure(name, "code", missing.expected, missing.got, replay)];
  return { ...result, jit: false, failures };
}

/** The first line that the subject's code of the first program lacks, or why there is no code; undefined for neither. */
async function missingIn(c: Case, code: Expectation["code"], subject: Subject) {
  const compiled = await compileCase(c, undefined, subject, "inlined");
  if (!compiled.ok) return `its code is not made: ${compiled.error.got}`;
  return missingLine(code, llvmLines(compiled.value.listing.filter((fn) => fn.code === 0)));
}

/** Our own JIT in the first profile that emits such code, by name. */
async function profileWith(c: Case, code: Expectation["code"]): Promise<string | undefined> {
  for (const subject of inProfiles()) {
    if ((await missingIn(c, code, subject)) === undefined) return subject.name;
  }
  return undefined;
}

function held(c: Case, { loads, returns }: Expectation, check: Check, name: string, replay: string): TestResult {
  const { runs, verdict } = checkOrCrash(givenByRunner(c), check);
  const { program } = c;
  if (verdict.kind === "disagree") {
    const failures = [failure(name, verdict.where, verdict.expected, verdict.got, replay)];
    return { kind: "tested", program, interpreter: true, jit: false, failures };
  }
  const problem = loads === false ? firstProblem(program, "verifier", "proven") : undefined;
  if (problem !== undefined) {
    return { kind: "refused", line: `${name}: expected a program that a verifier accepts, got ${problem}` };
  }
  if (loads === false) return { kind: "restricted", why: "Linux refuses it, for what only its verifier knows" };
  const run = runs[0];
  if (verdict.kind !== "agree" || run === undefined) return uncompared(verdict);
  if (returns === undefined || returns === "any") {
    return { kind: "tested", program, interpreter: true, jit: true, failures: [] };
  }
  const isRight = (outcome: Outcome | undefined): boolean =>
    outcome?.kind === "returned" && Number(BigInt.asIntN(32, outcome.r0)) === (returns | 0);
  const [interpreter, jit] = [isRight(run.expected), isRight(run.got)];
  const lack = interpreter ? undefined : lackOf(program);
  if (lack !== undefined) return { kind: "restricted", why: lack };
  const failures = [
    ...(interpreter ? [] : [failure(name, "interpreter", `${returns}`, say(run.expected), replay)]),
    ...(jit ? [] : [failure(name, "JIT", `${returns}`, say(run.got), replay)]),
  ];
  return { kind: "tested", program, interpreter, jit, failures };
}

/** What a program counts on that the kernel's runner has, and runs here have not. */
function lackOf({ code, context }: Program): string | undefined {
  const [what] = (code[0] ?? []).flatMap(({ row, off }) =>
    row.kind === "load" && row.size === 8 ? (fieldAccess(context, off, 8, "load")?.field.pointsTo ?? []) : [],
  );
  return what && `counts on ${what} behind its packet, and packets here have none`;
}
