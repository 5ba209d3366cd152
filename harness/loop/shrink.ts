// Making a failing case smaller as long as it fails for the same oracle and the same reason, within a budget. What must
// stay the same is what was found first. The case is checked once more before anything is shrunk, so that one that does
// not fail again costs no budget and is not lost.

import { failsLike, isLike } from "../../properties/cases/kind.js";
import { whileTime } from "../../properties/cases/shrink.js";
import { type Verdict, whyUncompared } from "../../properties/verdict.js";
import { type KernelPlace, kernelPlaceOrNone } from "../kernel-place.js";
import type { CaseChecker, CaseCheckers } from "./case-checker.js";
import { type Cause, causeOf } from "./cause.js";

export interface ShrinkTask {
  readonly kind: "shrink";
  /** Name of the kind. */
  readonly of: string;
  /** Case file text. */
  readonly text: string;
  readonly cause: Cause;
  readonly runs: number;
  readonly ms: number;
}

/** The smallest case found that fails in the same way. Plain data. */
interface Shrunk {
  readonly kind: "shrunk";
  /** Case file text. */
  readonly text: string;
  readonly cause: Cause;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  readonly size: number;
  /** Whether no single edit made it simpler, as opposed to a budget that ended. */
  readonly fixed: boolean;
  /** See `KindChecker`. */
  readonly r0: readonly bigint[];
  readonly answers: readonly string[];
  /** Of a kernel image. */
  readonly kernel?: KernelPlace;
}
/** The case does not fail like that again, by itself. */
interface NotRepeated {
  readonly kind: "notRepeated";
  /** What came of it this time. */
  readonly got: string;
}
export type ShrinkResult = Shrunk | NotRepeated;

export function shrink({ of, text, cause, runs, ms }: ShrinkTask, checkers: CaseCheckers): ShrinkResult {
  const checker = checkers[of]!;
  const parsed = checker.kind.parse(text);
  if (!parsed.ok) throw new Error(`a finding does not read back: ${parsed.error.message}`);
  const end = performance.now() + ms;
  return shrinkCase(checker, parsed.value, cause, runs, () => performance.now() <= end);
}

export function shrinkCase(
  checker: CaseChecker,
  c: unknown,
  cause: Pick<Cause, "oracle" | "reason">,
  runs: number,
  mayGoOn: () => boolean,
): ShrinkResult {
  const { kind } = checker;
  const again = checker.check(c).verdict;
  if (!isLike(again, cause)) return { kind: "notRepeated", got: words(again) };
  let left = runs;
  const fails = failsLike(checker, cause);
  const counted = (candidate: unknown): boolean => {
    left--;
    return fails(candidate);
  };
  const simplest = kind.minimize(c, whileTime(mayGoOn, counted), runs);
  const verdict = checker.check(simplest).verdict;
  // It fails now and then: the case that was found is the one to look at.
  if (verdict.kind !== "disagree" || !isLike(verdict, cause)) return { kind: "notRepeated", got: words(verdict) };
  const { where, expected, got } = verdict;
  const kernel = kernelPlaceOrNone(() => checker.inKernel(simplest, verdict));
  return {
    kind: "shrunk",
    text: kind.print(simplest),
    cause: causeOf(checker, simplest, verdict),
    ...{ where, expected, got },
    size: kind.size(simplest),
    fixed: left > 0 && mayGoOn(),
    r0: checker.expected(simplest),
    answers: checker.answers(simplest),
    ...(kernel && { kernel }),
  };
}

function words(verdict: Verdict): string {
  if (verdict.kind === "agree") return "agreement";
  if (verdict.kind !== "disagree") return `incomparable: ${whyUncompared(verdict)}`;
  return `${verdict.oracle}: ${verdict.where}: expected ${verdict.expected}, got ${verdict.got}`;
}
