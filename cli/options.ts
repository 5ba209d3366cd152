// Options that many commands have, and the values of options: each parser accepts one notation and refuses everything else by
// saying what it expects.

import { InvalidArgumentError, Option } from "commander";
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

/** A decimal number from `least` to `most`. */
export const integer =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `60s`, `2m` or `1h`, as milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (value >= 1 && value <= 1000 * UNITS.h) return value;
  throw new InvalidArgumentError("Expected a time such as 500ms, 60s, 2m or 1h.");
}

/** A kernel address: `0xffff800082c25880`, or its low 48 bits. Images begin at a multiple of 8. */
export function address(text: string): number {
  const value = /^(0x)?[0-9a-f]{1,16}$/i.test(text) ? BigInt(text.startsWith("0x") ? text : `0x${text}`) : -1n;
  const low = value & 0xffff_ffff_ffffn;
  const high = value >> 48n;
  if (value >= 0n && (high === 0n || high === 0xffffn) && low % 8n === 0n) return Number(low);
  throw new InvalidArgumentError("Expected a hexadecimal kernel address that is a multiple of 8.");
}

/** Names separated by commas. */
export const names = (text: string): readonly string[] => {
  const list = text.split(",").map((name) => name.trim());
  if (list.every((name) => name !== "")) return list;
  throw new InvalidArgumentError("Expected names separated by commas.");
};

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

const MOST_SEED = 999_999_999;
const seedOf = (text: string | number): number => {
  const seed = /^\d{1,9}$/.test(`${text}`) ? Number(text) : Number.NaN;
  if (seed <= MOST_SEED) return seed;
  throw new InvalidArgumentError(`expected a seed from 0 to ${MOST_SEED}, got "${text}"`);
};

const contextOption = (): Option =>
  new Option("--context <kind>", "of an object file: what r1 points to, instead of what the section says").choices(
    CONTEXT_KINDS,
  );
