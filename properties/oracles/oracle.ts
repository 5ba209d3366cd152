// What an oracle is. Oracles only look at steps (`subjects/step.ts`). `index.ts` lists them; whoever runs a history asks
// them after every step.

import type { Scene, Step, StepResult } from "../../subjects/step.js";

export interface Oracle {
  readonly name: string;
  /** One sentence. */
  readonly statement: string;
  /** Where the series or the kernel says so. */
  readonly source: string;
  /** Is asked about a step that a crash cut short, too: nothing else means anything then. */
  readonly seesCrashes?: true;
  /** The only steps that it says anything of. Default: it is asked about each. */
  readonly about?: readonly StepResult["kind"][];
  /** After a step: one line for each breach. The cost is in proportion to what the step touched. */
  readonly check: (step: Step) => readonly string[];
  /** At the end of a history: everything, whatever it costs. */
  sweep?(scene: Scene): readonly string[];
}

/** Steps in which the kernel does something: all but runs, which change nothing that is the kernel's. */
export const KERNEL_STEPS: readonly StepResult["kind"][] = [
  "loaded",
  "refused",
  "freed",
  "attached",
  "detached",
  "kept",
  "crashed",
];

/** No breach. Shared, since nearly every check ends like this. */
export const PASS: readonly string[] = [];

/** All breaches of all these: nearly always of one or two, of which none has any. */
export function breachesOfAll<T>(all: readonly T[], breachesOf: (one: T) => readonly string[]): readonly string[] {
  let found = PASS;
  for (let i = 0; i < all.length; i++) {
    const breaches = breachesOf(all[i]!);
    if (breaches.length > 0) found = [...found, ...breaches];
  }
  return found;
}

/** The breaches of several rules, in order. */
export const together = (...rules: readonly (readonly string[])[]): readonly string[] => breachesOfAll(rules, same);
const same = (breaches: readonly string[]): readonly string[] => breaches;
