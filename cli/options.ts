// Options that many commands have.

import { Option } from "commander";
import type { Engine } from "../engines/engine.js";
import { chooseEngines, ENGINE_CHOICES } from "../harness/engines.js";
import { chooseSubject } from "../harness/subjects.js";
import { FILE_FUEL } from "../properties/cases/program/report.js";
import { CONTEXT_KINDS } from "../spec/bpf/program.js";
import { defaultSubject } from "../subjects/index.js";
import { type AnySubject, isKernel } from "../subjects/program-subject.js";
import type { Subject } from "../subjects/subject.js";
import { complain } from "./command.js";
import type { Io } from "./io.js";
import { integer, seedOf } from "./values.js";

export const engineOption = (): Option =>
  new Option("--engine <name>", "what runs the A64 code (default: the fastest that is there)").choices(ENGINE_CHOICES);

/** The engines, with one line on stderr for each that is not there; undefined if none is left, and then that was said. */
export function enginesFor(io: Io, name: string | undefined): readonly Engine[] | undefined {
  const choice = chooseEngines(name);
  if (!choice.ok) {
    complain(io, choice.error);
    return undefined;
  }
  for (const sentence of choice.value.absent) io.err(`rox: engine ${sentence}\n`);
  return choice.value.engines;
}

/** What may be given as fuel: more would take hours. */
export const MOST_FUEL = 1_000_000_000;
/** Some self-tests spend the whole budget of `may_goto`. */
export const SELF_TEST_FUEL = 100_000_000;

export const fuelOption = (fuel: number = FILE_FUEL): Option =>
  new Option("--fuel <instructions>", "BPF instructions that the interpreter may run for one input")
    .argParser(integer(1, MOST_FUEL))
    .default(fuel);

export const subjectOption = (): Option =>
  new Option(
    "--subject <spec>",
    "what is under test: a name, linux:IMAGE for a kernel, FILE.json that describes a JIT, or plugin:PATH",
  ).default(defaultSubject.name);

export const exactOption = (): Option =>
  new Option("--exact", "of a kernel image of a listed version: other code than our own JIT's is a failure");

export const pluginOption = (): Option =>
  new Option("--plugin-options <options>", "options for the subject plugin:PATH, such as --jit");

/** Undefined if there is none, and then that was said. */
export function subjectFor(io: Io, spec: string, { pluginOptions = "", exact }: Judged = {}): AnySubject | undefined {
  const chosen = chooseSubject(pluginOptions === "" ? spec : `${spec} ${pluginOptions}`);
  if (!chosen.ok) {
    complain(io, chosen.error);
    return undefined;
  }
  const { value } = chosen;
  if (exact !== true) return value;
  if (isKernel(value) && value.profile !== undefined) return { ...value, isExact: true };
  const expected = "the image of a kernel whose version is listed in docs/linux-versions.md";
  complain(io, { subject: "--exact", expected, got: spec, next: "leave it out" });
  return undefined;
}

/** How a subject is judged. */
interface Judged {
  readonly pluginOptions?: string | undefined;
  readonly exact?: true | undefined;
}

/** The same for what only kernels can do. */
export function kernelFor(io: Io, spec: string, how?: "plain"): Subject | undefined {
  const chosen = chooseSubject(spec, how);
  if (!chosen.ok) {
    complain(io, chosen.error);
    return undefined;
  }
  const subject = chosen.value;
  if (isKernel(subject)) return subject;
  complain(io, { subject: "--subject", expected: "a subject that is a kernel", got: spec, next: "choose another" });
  return undefined;
}

/** Which program of an object file. */
export const choiceOptions = (): readonly Option[] => [
  new Option("--section <name>", "of an object file: the section of the program"),
  new Option("--function <name>", "of an object file: the function to begin with"),
  contextOption(),
  unknownCallsOption(),
];

export const unknownCallsOption = (): Option =>
  new Option(
    "--unknown-calls [seed]",
    "call helpers and kernel functions that are not modelled as functions of which nothing is known",
  )
    .preset(1)
    .argParser(seedOf);

const contextOption = (): Option =>
  new Option("--context <kind>", "of an object file: what r1 points to, instead of what the section says").choices(
    CONTEXT_KINDS,
  );
