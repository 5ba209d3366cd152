// What is said of somebody's kernel alone: which known defects it has, and how much of its own code has run.

import { kindOfFile } from "../../properties/cases/index.js";
import { defectsOf } from "../../properties/known-defects.js";
import type { Disagreement } from "../../properties/verdict.js";
import { type AnySubject, isKernel } from "../../subjects/program-subject.js";
import type { QuirkId } from "../../subjects/subject.js";
import { onSubject } from "../case-command.js";
import { readTextFile } from "../input-file.js";
import { kernelPlaceOrNone } from "../kernel-place.js";
import type { CaseCheckers } from "../loop/case-checker.js";
import type { Failure } from "../report.js";
import { addExecuted, type Tally } from "./tally.js";

/** A function under test: how many of its words were executed, of how many. */
export interface KernelCode {
  readonly name: string;
  readonly executed: number;
  readonly words: number;
}

/** By all workers, and by this thread. */
export function kernelCodeOf(
  subject: AnySubject,
  tallies: ReadonlyMap<string, Tally>,
): {
  readonly kernelCode?: readonly KernelCode[];
} {
  if (!isKernel(subject) || subject.executed === undefined) return {};
  const all = new Map<string, Uint8Array>();
  addExecuted(all, subject.executed());
  for (const { executed } of tallies.values())
    addExecuted(
      all,
      [...executed].map(([name, words]) => ({ name, words })),
    );
  const kernelCode = [...all].map(([name, words]) => ({
    name,
    executed: words.reduce((sum, is) => sum + is, 0),
    words: words.length,
  }));
  return { kernelCode };
}

/** One for each known defect that the subject has. */
export const defectFailures = (
  known: ReadonlySet<QuirkId>,
  byDirected: readonly QuirkId[],
  subject: string,
): readonly Failure[] =>
  defectsOf(known).map(({ id, title }) => ({
    ...{ name: `known defect ${id}`, where: "the subject", expected: "none", got: title },
    replay: `npx rox gate --strict --only ${byDirected.includes(id) ? "directed" : "corpus"}${onSubject(subject)}`,
  }));

/** A case file that fails on a kernel image, with where in its own code that is. */
export function withKernelPlace(failure: Failure, checkers: CaseCheckers): Failure {
  const { name, oracle = "", where, expected, got } = failure;
  const kind = kindOfFile(name);
  const checker = kind && checkers[kind.name];
  const text = checker && readTextFile(name);
  const parsed = text?.ok === true ? kind?.parse(text.value) : undefined;
  if (checker === undefined || parsed?.ok !== true) return failure;
  const found: Disagreement = { kind: "disagree", oracle, reason: "", where, expected, got };
  const kernel = kernelPlaceOrNone(() => checker.inKernel(parsed.value, found));
  return kernel === undefined ? failure : { ...failure, kernel };
}
