// All trials of a campaign on an engine. A worker makes them once; what checks is made when it is first asked.

import type { Engine } from "../../engines/engine.js";
import { engineByName } from "../../engines/index.js";
import { KINDS } from "../../properties/cases/index.js";
import type { AnyKind, KindChecker } from "../../properties/cases/kind.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Subject } from "../../subjects/subject.js";
import type { Trial, Trials } from "./trial.js";

/** @throws Error if there is no such engine: the command has checked the name. */
export function fuzzTrials(engineName: string): Trials {
  const engine = engineByName(engineName);
  if (engine === undefined) throw new Error(`no engine is called ${engineName}`);
  return makeTrials(KINDS, defaultSubject, [engine]);
}

export const makeTrials = (kinds: readonly AnyKind[], subject: Subject, engines: readonly Engine[]): Trials =>
  Object.fromEntries(kinds.map((kind) => [kind.name, trialOf(kind, subject, engines)]));

function trialOf(kind: AnyKind, subject: Subject, engines: readonly Engine[]): Trial {
  let made: KindChecker<unknown> | undefined;
  const checker = (): KindChecker<unknown> => {
    made ??= kind.checker(subject, engines);
    return made;
  };
  return {
    kind,
    check: (c, notice) => checker().check(c, notice),
    blame: (c, found) => checker().blame(c, found),
    expected: (c) => checker().expected?.(c) ?? [],
  };
}
