// A program that the user names, as a case to run: case text (.bpf), raw instructions (.bin), a conformance file (.data)
// or one of the programs of an object file. Whatever is wrong with it is said in one line, and a program that a verifier
// would refuse is not run.

import { problemIn } from "../properties/cases/program/soundness.js";
import { parseCase } from "../properties/cases/program/text.js";
import { readDataFile } from "../spec/bpf/data-file.js";
import { decode, type Insn, insn } from "../spec/bpf/insn.js";
import { type Row, rowById } from "../spec/bpf/isa.js";
import type { Strictness } from "../spec/bpf/validate/problem.js";
import type { Case } from "../subjects/case.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";
import { readInputFile, readTextFile } from "./input-file.js";
import { caseOfProgram, choiceOf, chooseProgram, isObjectFile, loadObject, type ProgramChoice } from "./object-file.js";

/** What a program is run on where its file does not say: as many zero bytes. */
const DEFAULT_INPUT_BYTES = 128;

/** A case, and what r0 has to be where its file says: once for all inputs, or once for each. */
export interface LoadedCase extends Case {
  readonly expect: readonly bigint[];
}

/** A conformance file. */
interface ConformTest {
  readonly case: Case;
  /** What r0 has to be; undefined where the file asks for a refusal. */
  readonly result: bigint | undefined;
  /** Why the suite itself keeps the file from some runtimes; such files are listed, not run. */
  readonly restricted: string | undefined;
}

/** A case by the extension of its file, or an object by its first bytes; anything else is taken for case text. */
export function loadCase(file: string, choice: ProgramChoice = {}): Loaded<LoadedCase> {
  if (isObjectFile(file)) return loadProgram(file, choice);
  const refused = refusedChoice(file, choice);
  if (refused !== undefined) return refused;
  const { unknownCalls } = choice;
  if (file.endsWith(".bin")) return loadRaw(file, unknownCalls);
  if (!file.endsWith(".data")) return loadCaseText(file, unknownCalls);
  const test = loadDataFile(file);
  if (!test.ok) return test;
  const { result } = test.value;
  return loaded({ ...test.value.case, expect: result === undefined ? [] : [result] });
}

/** Options that only object files are chosen from by. */
export function refusedChoice(file: string, choice: ProgramChoice) {
  const [option] = Object.keys(choiceOf(choice)).filter((name) => name !== "unknownCalls");
  if (option === undefined) return undefined;
  const next = `leave --${option} out`;
  return refuse({ subject: file, expected: `an object file, which --${option} is for`, got: "another file", next });
}

function loadProgram(file: string, choice: ProgramChoice): Loaded<LoadedCase> {
  const object = loadObject(file);
  if (!object.ok) return object;
  const fn = chooseProgram(file, object.value, choice);
  if (!fn.ok) return fn;
  const made = caseOfProgram(file, object.value, fn.value, choice);
  return made.ok ? loaded({ ...made.value, expect: [] }) : made;
}

function loadCaseText(file: string, unknownCalls: number | undefined): Loaded<LoadedCase> {
  const text = readTextFile(file);
  if (!text.ok) return text;
  const parsed = parseCase(text.value);
  if (!parsed.ok) return refuse({ ...wrong(file, "a case file", parsed.error.message), next: "correct the line" });
  return valid(file, { ...calling(parsed.value, unknownCalls), expect: parsed.head.expect ?? [] }, "verifier");
}

/** The case, whose program may call what is not modelled. */
export const calling = <C extends Case>(c: C, unknownCalls: number | undefined): C =>
  unknownCalls === undefined ? c : { ...c, program: { ...c.program, unknownCalls } };

function loadRaw(file: string, unknownCalls: number | undefined): Loaded<LoadedCase> {
  const bytes = readInputFile(file);
  if (!bytes.ok) return bytes;
  if (bytes.value.length === 0) return refuse(wrong(file, "instructions of 8 bytes each", "an empty file"));
  const decoded = decode(bytes.value);
  if (decoded.ok) {
    const made = caseOf(decoded.value, new Uint8Array(DEFAULT_INPUT_BYTES));
    return valid(file, { ...calling(made, unknownCalls), expect: [] }, "verifier");
  }
  const { kind, pc, message } = decoded.error;
  const problem = wrong(file, "raw BPF instructions", `slot ${pc}: ${message}`);
  // What we lack is not the program's fault.
  return refuse(kind === "refused" ? { ...problem, next: "run a part of the program without it" } : problem);
}

/** A conformance file. One that must fail is valid as far as its text goes; whether it fails is for the run to show. */
export function loadDataFile(file: string): Loaded<ConformTest> {
  const text = readTextFile(file);
  if (!text.ok) return text;
  const read = readDataFile(text.value);
  if (!read.ok) return refuse(wrong(file, "a conformance file", read.error.message));
  const { program, memory, expect } = read.value;
  const restricted = restriction(program);
  const c = caseOf(readsLength(program) ? [insn(MOV32, { dst: 2, imm: memory.length }), ...program] : program, memory);
  const checked = restricted === undefined ? valid(file, c, "rfc") : loaded(c);
  if (!checked.ok) return checked;
  return loaded({ case: c, result: "r0" in expect ? expect.r0 : undefined, restricted });
}

const MOV32 = rowById("mov32 imm");

/** The suite's runner passes the length of the memory in r2; a program that never looks is given no instruction more. */
function readsLength(program: readonly Insn[]): boolean {
  const first = program.find(
    ({ row, dst, src }) => (row.dst !== "none" && dst === 2) || (isRead(row.src) && src === 2),
  );
  return (
    first !== undefined && !(first.row.dst === "w" && first.dst === 2 && !(isRead(first.row.src) && first.src === 2))
  );
}

const isRead = (use: Row["src"]): boolean => use === "r" || use === "rw";

/** The suite leaves its helper functions to the runner, so a file that calls one says nothing on its own. */
function restriction(program: readonly Insn[]): string | undefined {
  const call = program.find(({ row }) => row.kind === "call" && row.target !== "local");
  return call === undefined
    ? undefined
    : `calls function ${call.imm} of the suite's runner, which the file does not define`;
}

const caseOf = (program: readonly Insn[], input: Uint8Array): Case => ({
  program: { code: [program], maps: [], context: "memory" },
  inputs: [input],
  env: { cpu: "lse", hole: 0 },
});

function valid<C extends Case>(file: string, c: C, strictness: Strictness): Loaded<C> {
  const problem = problemIn(c.program, strictness);
  if (problem === undefined) return loaded(c);
  return refuse({ ...wrong(file, "a program that a verifier accepts", problem.text), next: problem.next });
}

const wrong = (subject: string, expected: string, got: string) => ({
  subject,
  expected,
  got,
  next: "correct the program",
});
