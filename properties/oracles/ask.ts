// Asking oracles about a step, or about everything at the end of a history.

import { KernelFault } from "../../machine/fault.js";
import type { Scene, Step, StepResult } from "../../subjects/step.js";
import { type Oracle, PASS } from "./oracle.js";

export interface Objection {
  readonly oracle: string;
  /** One line. */
  readonly what: string;
}

const NONE: readonly Objection[] = [];

/** What is asked of an oracle about each step. */
type Asked = Pick<Oracle, "name" | "check">;
const asked = new WeakMap<readonly Oracle[], Map<StepResult["kind"], readonly Asked[]>>();

/** Those that may have something to say of such a step. After a crash nothing means anything but to those who see crashes. */
function concerned(oracles: readonly Oracle[], kind: StepResult["kind"]): readonly Asked[] {
  const byKind = asked.get(oracles) ?? new Map<StepResult["kind"], readonly Asked[]>();
  asked.set(oracles, byKind);
  const found = oracles
    .filter(({ about, seesCrashes }) =>
      kind === "crashed" ? seesCrashes === true : about === undefined || about.includes(kind),
    )
    // Oracles have several shapes, these have one.
    .map(({ name, check }) => ({ name, check }));
  byKind.set(kind, found);
  return found;
}

export function askAbout(step: Step, oracles: readonly Oracle[]): readonly Objection[] {
  const { kind } = step.result;
  let objections = NONE;
  for (const oracle of asked.get(oracles)?.get(kind) ?? concerned(oracles, kind)) {
    let breaches: readonly string[];
    try {
      breaches = oracle.check(step);
    } catch (error) {
      breaches = unreadable(error);
    }
    if (breaches.length > 0) objections = [...objections, ...named(oracle, breaches)];
  }
  return objections;
}

export function askAtTheEnd(scene: Scene, oracles: readonly Oracle[]): readonly Objection[] {
  let objections = NONE;
  for (const oracle of oracles) {
    let breaches: readonly string[];
    try {
      breaches = oracle.sweep?.(scene) ?? PASS;
    } catch (error) {
      breaches = unreadable(error);
    }
    if (breaches.length > 0) objections = [...objections, ...named(oracle, breaches)];
  }
  return objections;
}

const named = ({ name }: Pick<Oracle, "name">, breaches: readonly string[]): readonly Objection[] =>
  breaches.map((what) => ({ oracle: name, what }));

/** Memory that an oracle must be able to look at, and cannot, is a breach. */
function unreadable(error: unknown): readonly string[] {
  if (!(error instanceof KernelFault)) throw error;
  return [error.message];
}
