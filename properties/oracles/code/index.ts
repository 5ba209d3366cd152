// The oracles of code, and their answers for those who have code without a step.

import type { FunctionView, Subject } from "../../../subjects/subject.js";
import type { Objection } from "../ask.js";
import { atomicsOrdered } from "./atomics-ordered.js";
import { branchHistory } from "./branch-history.js";
import { branchesLand } from "./branches-land.js";
import { callsReach } from "./calls-reach.js";
import { type CodeKernel, type CodeOracle, codeOf } from "./code-oracle.js";
import type { CompiledCode } from "./compiled-code.js";
import { exceptionEntries } from "./exception-entries.js";
import { landingPads } from "./landing-pads.js";
import { longJump } from "./long-jump.js";
import { shortForms } from "./short-forms.js";

export const CODE_ORACLES: readonly CodeOracle[] = [
  branchesLand,
  callsReach,
  longJump,
  atomicsOrdered,
  exceptionEntries,
  landingPads,
  branchHistory,
  shortForms,
];

/** One line for each breach, each with the name of its oracle; an empty list is a pass. @param mute says nothing of it */
export const structureBreaches = (code: CompiledCode, mute: Subject["mute"] = new Map()): readonly string[] =>
  CODE_ORACLES.filter(({ name }) => !mute.has(name)).flatMap(({ name, breaches }) =>
    breaches(code).map((what) => `${name}: ${what}`),
  );

/** About all functions of one program, which have their final addresses. @param mute oracles that say nothing of it */
export const askAboutCode = (
  kernel: CodeKernel,
  functions: readonly FunctionView[],
  mute: Subject["mute"],
): readonly Objection[] =>
  codeOf(kernel, functions).flatMap((code, i) =>
    CODE_ORACLES.filter(({ name }) => !mute.has(name)).flatMap(({ name, breaches }) =>
      breaches(code).map((what) => ({ oracle: name, what: `function ${i}: ${what}` })),
    ),
  );
