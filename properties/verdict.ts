// What a check comes to, and two answers compared: r0 and every byte of every region. What cannot be compared is counted
// by the caller and never taken for agreement.

import { hex64 } from "../spec/bits.js";
import type { FaultWhy, Outcome, RegionBytes } from "../spec/bpf/outcome.js";

export type Verdict =
  | { readonly kind: "agree" }
  | Disagreement
  | { readonly kind: "incomparable"; readonly why: string }
  /** The subject lacks what the case needs, or does not take it for the reason `why`: known, counted and named. */
  | { readonly kind: "refused"; readonly missing: string; readonly why?: string };

export interface Disagreement {
  readonly kind: "disagree";
  /** Who objects, by a stable name: `exec-match`, `no-exception`, ... */
  readonly oracle: string;
  /** How the answers differ, without numbers and addresses. Two failures of one oracle and reason are one finding. */
  readonly reason: string;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** Index of the action of a history at which the oracle objects. */
  readonly step?: number;
}

/** What was not compared, and why: counted, and never taken for agreement. */
type Uncompared = Exclude<Verdict, { kind: "agree" } | Disagreement>;
export const isUncompared = (verdict: Verdict): verdict is Uncompared =>
  verdict.kind === "incomparable" || verdict.kind === "refused";
export const whyUncompared = (verdict: Uncompared): string =>
  verdict.kind === "refused" ? (verdict.why ?? `the subject lacks ${verdict.missing}`) : verdict.why;

export const AGREE: Verdict = { kind: "agree" };

/** Words without numbers and addresses. */
export const withoutNumbers = (text: string): string =>
  text
    .replaceAll(/\b0x[0-9a-f]+|\d+/gi, "N")
    .replaceAll(/\s+/g, " ")
    .slice(0, 80);

/** Whatever a witness throws is a disagreement about that case. */
export const NO_EXCEPTION = "no-exception";
export const EXCEPTION = "an exception";
export function exception(error: unknown, expected = "a verdict"): Disagreement {
  const got = error instanceof Error ? error.message : String(error);
  return { kind: "disagree", oracle: NO_EXCEPTION, reason: withoutNumbers(got), where: EXCEPTION, expected, got };
}

/** The JIT refuses what a verifier accepts. */
export const notCompiled = (why: string): Disagreement => ({
  ...{ kind: "disagree", oracle: "compiles", reason: withoutNumbers(why) },
  ...{ where: "compilation", expected: "an image", got: why },
});

/** Who may object where answers are compared. */
/** The two interpreters of `spec/` say different things of a run. */
export const INTERPRETERS_AGREE = "interpreters-agree";
export const COMPARISON_ORACLES = ["exec-match", "compiles", "no-exception", "answers", INTERPRETERS_AGREE] as const;

export const EXEC_MATCH = "exec-match";
const disagree = (where: string, expected: string, got: string, reason = "another result"): Disagreement => ({
  ...{ kind: "disagree", oracle: EXEC_MATCH, reason, where, expected, got },
});

/** The interpreter has no answer: whatever a subject does is neither right nor wrong. */
export function unanswered(expected: Outcome): Extract<Verdict, { kind: "incomparable" }> | undefined {
  if (expected.kind === "outOfFuel") return { kind: "incomparable", why: "the interpreter ran out of fuel" };
  if (expected.kind !== "faulted") return undefined;
  const what = WITHOUT_MEANING[expected.why];
  return what === undefined
    ? undefined
    : { kind: "incomparable", why: `${what}: ${expected.detail}, ${placeOf(expected)}` };
}

/** What ends a run without an answer, and whose lack that is. */
const WITHOUT_MEANING: Partial<Record<FaultWhy, string>> = {
  undefined: "undefined program",
  uninitialisedStack: "undefined program",
  unmodelled: "not modelled",
};

const placeOf = ({ pc, code = 0 }: Extract<Outcome, { kind: "faulted" }>): string =>
  `at ${pc === undefined ? "an unknown instruction" : `instruction ${pc}`}${code === 0 ? "" : ` of program ${code}`}`;

export function compare(expected: Outcome, got: Outcome): Verdict {
  // Whoever reads what a run has left returns the outcome that it was to have, if it is the same.
  if (expected === got && expected.kind === "returned") return AGREE;
  const none = unanswered(expected);
  if (none !== undefined) return none;
  if (expected.kind === "returned" && got.kind === "returned") {
    if (expected.r0 !== got.r0) return disagree("r0", hex64(expected.r0), hex64(got.r0));
    return compareRegions(expected.regions, got.regions);
  }
  if (expected.kind === "faulted" && got.kind === "faulted" && expected.pc === got.pc) {
    if (expected.why === got.why) return AGREE;
  }
  const reason = `${kindOf(expected)}, got ${kindOf(got)}`;
  return disagree("outcome", summary(expected), summary(got), reason);
}

/** `returned`, `faulted badRead`, ... */
const kindOf = (outcome: Outcome): string =>
  outcome.kind === "faulted" ? `faulted ${outcome.detail.split(/[ :]/)[0]}` : outcome.kind;

function compareRegions(expected: readonly RegionBytes[], got: readonly RegionBytes[]): Verdict {
  const names = (regions: readonly RegionBytes[]): string => regions.map((r) => r.name).join(", ");
  if (expected.length !== got.length) return disagree("regions", names(expected), names(got));
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i]!;
    const region = got[i];
    if (region?.name !== want.name) return disagree("regions", names(expected), names(got));
    if (Buffer.compare(want.bytes, region.bytes) === 0) continue;
    const verdict = firstDifference(want, region);
    if (verdict.kind !== "agree") return verdict;
  }
  return AGREE;
}

function firstDifference(want: RegionBytes, got: RegionBytes): Verdict {
  if (want.bytes.length !== got.bytes.length) {
    return disagree(`${want.name}, size in bytes`, `${want.bytes.length}`, `${got.bytes.length}`);
  }
  const at = want.bytes.findIndex((byte, i) => byte !== got.bytes[i] && want.written?.[i] !== 0);
  if (at < 0) return AGREE;
  const place = want.name === "stack" ? `stack[r10 - ${want.bytes.length - at}]` : `${want.name}[${at}]`;
  return disagree(place, hexByte(want.bytes[at]), hexByte(got.bytes[at]));
}

const hexByte = (byte: number | undefined): string => `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;

/** One line for people. */
export function summary(outcome: Outcome): string {
  switch (outcome.kind) {
    case "returned":
      return `returned ${hex64(outcome.r0)}`;
    case "faulted":
      if (outcome.why === "undefined" || outcome.why === "unmodelled")
        return `${WITHOUT_MEANING[outcome.why]}: ${outcome.detail}, ${placeOf(outcome)}`;
      return `faulted${outcome.pc === undefined ? "" : ` at instruction ${outcome.pc}`}: ${outcome.detail}`;
    case "outOfFuel":
      return "ran out of fuel";
    default:
      return outcome satisfies never;
  }
}
