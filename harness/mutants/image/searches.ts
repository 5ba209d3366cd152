// How a bug in the machine code of an image is looked for: with what the gate tries of an image, one case after the other.

import { defaultEngine } from "../../../engines/index.js";
import { HISTORIES } from "../../../properties/cases/history/index.js";
import { PROGRAMS } from "../../../properties/cases/program/index.js";
import { INSTRUCTIONS } from "../../../properties/cases/single-instruction/index.js";
import { VERIFIER_ONLY } from "../../../properties/cases/verifier-only/index.js";
import type { Verdict } from "../../../properties/verdict.js";
import type { Subject } from "../../../subjects/subject.js";
import { caseAt, UNSTEERED } from "../../loop/chunk.js";
import { SHRINK_BUDGET } from "../../loop/run.js";
import { shrinkCase } from "../../loop/shrink.js";
import { makeTrials, type Trial } from "../../loop/trial.js";
import type { Found, Search } from "../searches.js";

/** Loads and frees with failures show more of this code than programs do. */
const SHARES: ReadonlyMap<string, number> = new Map([
  [HISTORIES.name, 3],
  [PROGRAMS.name, 2],
  [VERIFIER_ONLY.name, 1],
  [INSTRUCTIONS.name, 1],
]);

export function imageSearches(subject: Subject, seed: number): readonly Search[] {
  const trials = makeTrials({ engines: [defaultEngine()], subject });
  return [...SHARES].map(([name, share]) => drawn(trials[name]!, seed, share));
}

function drawn(trial: Trial, seed: number, share: number): Search {
  const { kind } = trial;
  let index = 0;
  return {
    name: kind.name,
    share,
    step() {
      if (index === kind.count) return "exhausted";
      const { case: c } = caseAt(trial, seed, index++, UNSTEERED);
      const { verdict } = trial.check(c);
      if (verdict.kind !== "disagree") return strangeRefusal(verdict) ?? "nothing";
      return {
        ...verdict,
        shrink(mayGoOn) {
          const shrunk = shrinkCase(trial, c, verdict, SHRINK_BUDGET.runs, mayGoOn);
          if (shrunk.kind === "shrunk") return { size: shrunk.size, text: shrunk.text };
          return { size: kind.size(c), text: kind.print(c, { title: `not repeated: ${shrunk.got}` }) };
        },
      };
    },
  };
}

/** The image as it is calls no such function: a gate that does names it, and ends the case there. */
const STRAY_CALL = /is neither trapped nor allowed to run/;
function strangeRefusal(verdict: Verdict): Found | undefined {
  if (verdict.kind !== "refused" || !STRAY_CALL.test(verdict.missing)) return undefined;
  const where = verdict.missing;
  return {
    ...{ oracle: "calls-known", where, expected: "calls of functions that the image calls", got: where },
    shrink: () => ({ size: undefined, text: where }),
  };
}
