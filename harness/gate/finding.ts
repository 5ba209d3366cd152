// A disagreement of the campaign, made again from its index, shrunk, and kept as a case file.

import path from "node:path";
import { type Check, type Checked, checkOrCrash, slots } from "../../properties/cases/check-or-crash.js";
import { EXCEPTION, type Verdict } from "../../properties/verdict.js";
import type { Case } from "../../subjects/case.js";
import { type Loaded, loaded } from "../bad-input.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import type { Disagreement, Trials } from "./chunk.js";

export interface Finding {
  readonly case: Case;
  /** Of the shrunk case. */
  readonly report: Checked;
  readonly file: string;
  /** Slots before and after shrinking. */
  readonly before: number;
  readonly after: number;
}

export interface Shrinking {
  readonly trials: Trials;
  /** A smaller case that still fails, or the same one. */
  minimize(c: Case, fails: (c: Case) => boolean): Case;
  /** Case file text. */
  print(c: Case, about: { readonly title: string; readonly notes: readonly string[] }): string;
}

export function keepFinding(
  seed: number,
  found: Disagreement,
  directory: string,
  { trials, minimize, print }: Shrinking,
): Loaded<Finding> {
  const original = trials.caseAt(seed, found.index);
  const shrunk = minimize(original, failsLike(original, trials.check));
  const report = checkOrCrash(shrunk, trials.check);
  const { verdict } = report;
  const title = verdict.kind === "disagree" ? `${verdict.where} differs from the interpreter's` : "not shrunk reliably";
  const answers =
    verdict.kind === "disagree" ? [`${verdict.where}: expected ${verdict.expected}, got ${verdict.got}`] : [];
  const notes = [`gate seed=${seed} index=${found.index}`, ...answers];
  const file = path.join(directory, `gate-${seed}-${found.index}.bpf`);
  const made = makeDirectory(directory);
  if (!made.ok) return made;
  const written = writeOutputFile(file, print(shrunk, { title, notes }));
  if (!written.ok) return written;
  return loaded({ case: shrunk, report, file, before: slots(original), after: slots(shrunk) });
}

/** Whether another case fails as `original` does. */
export function failsLike(original: Case, check: Check): (c: Case) => boolean {
  const wanted = kindOf(checkOrCrash(original, check).verdict);
  return (c) => kindOf(checkOrCrash(c, check).verdict) === wanted;
}

/** What must stay the same while shrinking: a wrong result must not turn into a crash, nor the other way round. */
function kindOf(verdict: Verdict): string {
  if (verdict.kind !== "disagree") return verdict.kind;
  return [EXCEPTION, "compilation"].includes(verdict.where) ? verdict.where : verdict.kind;
}
