// All rules of structure. Adding one is a file and a line here.

import { atomicsOrdered } from "./atomics.js";
import { branchesLand } from "./branches.js";
import { shortForms } from "./budgets.js";
import { callsReach, longJump } from "./calls.js";
import type { CompiledCode, Rule } from "./compiled-code.js";
import { exceptionEntries } from "./exceptions.js";
import { landingPads } from "./landing-pads.js";

export const RULES: readonly Rule[] = [
  branchesLand,
  callsReach,
  longJump,
  atomicsOrdered,
  exceptionEntries,
  landingPads,
  shortForms,
];

/** One line for each breach, each with the name of its rule; an empty list is a pass. */
export const structureBreaches = (code: CompiledCode): readonly string[] =>
  RULES.flatMap(({ name, check }) => {
    const breaches = check(code);
    return breaches.length === 0 ? breaches : breaches.map((what) => `${name}: ${what}`);
  });
