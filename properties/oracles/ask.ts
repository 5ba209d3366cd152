// Asking oracles about a step, or about everything at the end of a history.

import { KernelFault } from "../../machine/fault.js";
import type { Scene, Step } from "../../subjects/step.js";
import type { Oracle } from "./oracle.js";

export interface Objection {
  readonly oracle: string;
  /** One line. */
  readonly what: string;
}

const NONE: readonly Objection[] = [];

/** After a crash nothing means anything but to those who see crashes. */
export function askAbout(step: Step, oracles: readonly Oracle[]): readonly Objection[] {
  const isCut = step.result.kind === "crashed";
  let objections = NONE;
  for (const oracle of oracles) {
    if (isCut && oracle.seesCrashes !== true) continue;
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
  return oracles.flatMap((oracle) => {
    try {
      return named(oracle, oracle.sweep?.(scene) ?? []);
    } catch (error) {
      return named(oracle, unreadable(error));
    }
  });
}

const named = ({ name }: Oracle, breaches: readonly string[]): readonly Objection[] =>
  breaches.map((what) => ({ oracle: name, what }));

/** Memory that an oracle must be able to look at, and cannot, is a breach. */
function unreadable(error: unknown): readonly string[] {
  if (!(error instanceof KernelFault)) throw error;
  return [error.message];
}
