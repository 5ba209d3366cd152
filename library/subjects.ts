// What is under test, and what runs its code: opened once, by the names that the command takes.

import { defaultEngine, ENGINES } from "../engines/index.js";
import { Refusal } from "../harness/bad-input.js";
import { chooseEngines } from "../harness/engines.js";
import { chooseSubject } from "../harness/subjects.js";
import { defectsOf } from "../properties/known-defects.js";
import { mutedBy } from "../properties/oracles/index.js";
import { type AnySubject, isKernel, notTried } from "../subjects/program-subject.js";

export interface Subject {
  /** As it was asked for. */
  readonly name: string;
  /** Whether it loads, attaches and frees, as a kernel does; others take one program at a time. */
  readonly isKernel: boolean;
  /** What it is not asked, and what is known to be wrong with it, a line each. Never empty of what is left out. */
  readonly notes: readonly string[];
}
export interface Engine {
  readonly name: string;
}

const opened = new Map<string, Subject>();
const inner = new WeakMap<Subject, AnySubject>();

/**
 * What is under test. The same name gives the same subject.
 *
 * @param name `impl`, our own JIT and memory code; `linux:IMAGE`, a kernel image; `FILE.json`, a JIT behind the image
 * protocol; `plugin:PATH`, a VM behind a plugin of the conformance suite
 * @throws Refusal if there is none of that name
 */
export function subject(name = "impl"): Subject {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const chosen = chooseSubject(name);
  if (!chosen.ok) throw new Refusal(chosen.error);
  const { value } = chosen;
  const notes = isKernel(value) ? notesOf(value) : notTried(value).lines;
  const made: Subject = { name, isKernel: isKernel(value), notes };
  opened.set(name, made);
  inner.set(made, value);
  return made;
}

const notesOf = (kernel: Extract<AnySubject, { boot: unknown }>): readonly string[] => [
  ...mutedBy(kernel),
  ...defectsOf(kernel.known ?? new Set()).map(
    ({ id, title }) => `the known defect ${id}, which ${kernel.name} has: ${title}`,
  ),
];

/** What stands behind a subject. @throws Refusal if `subject` has not made it */
export function behind(one: Subject): AnySubject {
  const found = inner.get(one);
  if (found !== undefined) return found;
  const next = "make it with subject(NAME)";
  throw new Refusal({ subject: "subject", expected: "what subject(NAME) returned", got: "something else", next });
}

/**
 * What runs A64 code.
 *
 * @param name `wasm` (the default), `reference` or `unicorn`
 * @throws Refusal if there is none of that name, or it cannot run here
 */
export function engine(name: string = defaultEngine().name): Engine {
  const chosen = chooseEngines(name === "all" ? "" : name);
  if (!chosen.ok) throw new Refusal(chosen.error);
  return chosen.value.engines[0]!;
}

/** All that can run here, the fastest first. */
export const engines = (): readonly Engine[] => ENGINES.filter((one) => one.unavailable() === undefined);
