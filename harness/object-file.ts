// BPF object files that the user names: what is in them, and each program of them as a case to run.

import { contextOf } from "../spec/bpf/object/context-kind.js";
import type { ObjectFunction } from "../spec/bpf/object/functions.js";
import { linkProgram } from "../spec/bpf/object/link.js";
import { type BpfObject, programsOf, readObject } from "../spec/bpf/object/object.js";
import { hasPrivateStacks, kindOfSection } from "../spec/bpf/object/section-kinds.js";
import type { ContextKind } from "../spec/bpf/program.js";
import { mendOf } from "../spec/bpf/validate/problem.js";
import { validate } from "../spec/bpf/validate/validate.js";
import { isElf } from "../spec/elf/elf.js";
import type { Case } from "../subjects/case.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";
import { readInputFile } from "./input-file.js";

/** What objects are called where a folder is searched for them. */
export const OBJECT_EXTENSION = ".o";

/** What is to be done about a file that no compiler makes. */
const REMAKE = "compile it again";

/** Which program of an object, and what it runs on instead of what its section says. */
export interface ProgramChoice {
  readonly section?: string;
  readonly function?: string;
  readonly context?: ContextKind;
  /** Helpers that are not modelled are called as unknown functions, with results drawn from this seed. */
  readonly unknownCalls?: number;
}

/** Of options that say more. */
export const choiceOf = ({ section, function: name, context, unknownCalls }: ProgramChoice): ProgramChoice => ({
  ...(section !== undefined && { section }),
  ...(name !== undefined && { function: name }),
  ...(context !== undefined && { context }),
  ...(unknownCalls !== undefined && { unknownCalls }),
});

/** Whether a file is taken for a BPF object: by its first bytes, whatever its name. */
export function isObjectFile(file: string): boolean {
  const bytes = readInputFile(file);
  return bytes.ok && isElf(bytes.value);
}

export function loadObject(file: string): Loaded<BpfObject> {
  const bytes = readInputFile(file);
  if (!bytes.ok) return bytes;
  const object = readObject(bytes.value);
  return object.ok ? loaded(object.value) : refuse({ subject: file, next: REMAKE, ...object.error });
}

/** The one program that a choice names, or the ones to choose from. */
export function chooseProgram(
  file: string,
  object: BpfObject,
  { section, function: name }: ProgramChoice,
): Loaded<ObjectFunction> {
  const all = name === undefined ? programsOf(object) : object.functions;
  const named = all.filter((fn) => (section ?? fn.section.name) === fn.section.name && (name ?? fn.name) === fn.name);
  if (named.length === 1) return loaded(named[0]!);
  const wanted = [
    ...(section === undefined ? [] : [`section ${section}`]),
    ...(name === undefined ? [] : [`function ${name}`]),
  ].join(", ");
  if (named.length === 0) {
    const others = [...new Set(object.functions.map((fn) => (name === undefined ? fn.section.name : fn.name)))];
    const next = `name one of ${listed(others)}`;
    return refuse({ subject: file, expected: `a program in ${wanted}`, got: "none", next });
  }
  const bySection = new Set(named.map((fn) => fn.section.name)).size === named.length;
  const option = bySection ? "--section" : "--function";
  const next = `give ${option} with one of ${listed(named.map((fn) => (bySection ? fn.section.name : fn.name)))}`;
  return refuse({ subject: file, expected: "one program", got: `${named.length} programs`, next });
}

const SHOWN = 8;
const listed = (names: readonly string[]): string =>
  [...names.slice(0, SHOWN), ...(names.length > SHOWN ? [`${names.length - SHOWN} more`] : [])].join(", ");

/** A program of an object as a case: one input of zero bytes, as many as its kind has. */
export function caseOfProgram(
  file: string,
  object: BpfObject,
  fn: ObjectFunction,
  { context, unknownCalls }: Pick<ProgramChoice, "context" | "unknownCalls"> = {},
): Loaded<Case> {
  const subject = `${file}, ${fn.section.name}, ${fn.name}`;
  const kind = contextOf(object, fn);
  const linked = linkProgram(object, fn, context ?? kind.context, unknownCalls !== undefined);
  if (!linked.ok) return refuse({ subject, next: REMAKE, ...linked.error });
  const { where } = linked.value;
  const program = {
    ...linked.value.program,
    ...(hasPrivateStacks(fn.section.name) && { privateStack: true }),
    ...(unknownCalls !== undefined && { unknownCalls }),
  };
  const validity = validate(program, { definedness: "run" });
  const problem = validity.ok ? undefined : validity.problems[0];
  if (problem === undefined) {
    return loaded({ program, inputs: [new Uint8Array(kind.inputBytes)], env: { cpu: "lse", hole: 0 } });
  }
  const got = `${problem.message} (${problem.reason}) in ${where(problem.code, problem.pc)}`;
  return refuse({ subject, expected: "a program that a JIT is given", got, next: mendOf(problem) });
}

/** A program of an object, as it is listed. */
export interface ListedProgram {
  readonly section: string;
  readonly function: string;
  readonly kind: string;
  readonly context: string;
  /** Instructions, `lddw` counted as two, without the subprograms. */
  readonly slots: number;
}

export const listPrograms = (object: BpfObject): readonly ListedProgram[] =>
  programsOf(object).map((fn) => {
    const { name, section, start, end } = fn;
    const { kind } = kindOfSection(section.name);
    const { context } = contextOf(object, fn);
    return { section: section.name, function: name, kind, context, slots: end - start };
  });

/** One of the programs of an object, whether it can be run or not. */
interface ObjectProgram {
  readonly section: string;
  readonly function: string;
  readonly case: Loaded<Case>;
}

/** The program of an object that a choice names, or all of them where it names none. */
export function programsOfFile(file: string, choice: ProgramChoice = {}): Loaded<readonly ObjectProgram[]> {
  const object = loadObject(file);
  if (!object.ok) return object;
  const isChosen = choice.section !== undefined || choice.function !== undefined;
  const chosen = isChosen ? chooseProgram(file, object.value, choice) : undefined;
  if (chosen?.ok === false) return chosen;
  const functions = chosen === undefined ? programsOf(object.value) : [chosen.value];
  return loaded(
    functions.map((fn) => ({
      ...{ section: fn.section.name, function: fn.name },
      case: caseOfProgram(file, object.value, fn, choice),
    })),
  );
}
