// Random cases of one kind, as many as a worker is told: case i depends on (seed, i) alone.

import { defaultEngine } from "../../engines/index.js";
import { KINDS } from "../../properties/cases/index.js";
import type { AnyKind, KindChecker } from "../../properties/cases/kind.js";
import type { Disagreement } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";

export type KindName = AnyKind["name"];

/** Plain data, as what comes of it: both cross a thread boundary. */
export interface CaseTask {
  readonly kind: "cases";
  readonly of: KindName;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

/** The first case of a task that fails; the rest of the task is then left out. */
export interface Breach extends Omit<Disagreement, "kind"> {
  readonly index: number;
}

export interface CaseResult {
  readonly kind: "cases";
  readonly of: KindName;
  readonly tried: number;
  /** Cases that mean nothing. */
  readonly incomparable: number;
  readonly breach?: Breach;
}

export const kindOf = (name: KindName): AnyKind => KINDS.find((kind) => kind.name === name)!;

const CHECKERS = new Map<KindName, KindChecker<unknown>>();
/** One for each kind and thread, on the engine that is fastest. */
export function checkerOf(name: KindName): KindChecker<unknown> {
  const checker = CHECKERS.get(name) ?? kindOf(name).checker(defaultSubject, [defaultEngine()]);
  CHECKERS.set(name, checker);
  return checker;
}

export function runCases({ of, seed, first, count }: CaseTask): CaseResult {
  const kind = kindOf(of);
  const checker = checkerOf(of);
  let tried = 0;
  let incomparable = 0;
  for (let index = first; index < first + count; index++) {
    const judged = checker.check(kind.fresh(seed, index)).verdict;
    tried++;
    if (judged.kind === "incomparable") incomparable++;
    else if (judged.kind === "disagree")
      return { kind: "cases", of, tried, incomparable, breach: breachOf(index, judged) };
  }
  return { kind: "cases", of, tried, incomparable };
}

export const breachOf = (index: number, { oracle, reason, where, expected, got }: Disagreement): Breach => ({
  ...{ index, oracle, reason, where, expected, got },
});
