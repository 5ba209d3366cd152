// All trials of a campaign on an engine. A worker makes them once; what judges is made when it is first asked.

import { engineByName } from "../../engines/index.js";
import { TRIAL_KINDS } from "../../properties/cases/index.js";
import type { AnyKind } from "../../properties/cases/kind.js";
import { historyTrial } from "./history-trial.js";
import { kernelRowTrial, tracingTrial } from "./plain-trial.js";
import { programTrial } from "./program-trial.js";
import { kindId } from "./schedule.js";
import type { AnyTrial, Trials } from "./trial.js";

const MAKERS: Readonly<Record<AnyKind["name"], (engine: NonNullable<ReturnType<typeof engineByName>>) => unknown>> = {
  programs: programTrial,
  histories: historyTrial,
  "kernel rows": kernelRowTrial,
  tracing: tracingTrial,
};

/** @throws Error if there is no such engine: the command has checked the name. */
export function fuzzTrials(engineName: string): Trials {
  const engine = engineByName(engineName);
  if (engine === undefined) throw new Error(`no engine is called ${engineName}`);
  return Object.fromEntries(TRIAL_KINDS.map((kind) => [kindId(kind), MAKERS[kind.name](engine) as AnyTrial]));
}
