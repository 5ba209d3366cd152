// A kind of case: something that can be drawn at random, checked, made smaller, written to a file and read again. Whatever
// tries cases (the gate, campaigns, the search for mutants) or keeps them (findings, the corpus) works on kinds and knows
// none of them by name. Adding one is a folder here and a line in `index.ts`.

import type { Engine } from "../../engines/engine.js";
import type { Dialect } from "../../subjects/dialect.js";
import { type AnySubject, isKernel, type ProgramSubject } from "../../subjects/program-subject.js";
import type { Draw } from "../../subjects/random/draw.js";
import type { Subject } from "../../subjects/subject.js";
import type { Difference } from "../differences/compare.js";
import type { InKernel } from "../in-kernel.js";
import type { Oracle } from "../oracles/oracle.js";
import type { Disagreement, Verdict } from "../verdict.js";
import { verdictOrCrash } from "./check-or-crash.js";
import type { CompiledFunction } from "./compile.js";
import type { Head, ReadCase } from "./header.js";
import type { StillFails } from "./shrink.js";

/** Sums of what checking costs. */
export interface Cost {
  /** Of compiled code. */
  readonly runs: number;
  /** BPF slots, and A64 words that became of them. */
  readonly slots: number;
  readonly words: number;
  /** A64 instructions. */
  readonly executed: number;
  /** Of histories: actions performed, runs of another CPU between two events of one, injected failures that struck. */
  readonly steps: number;
  readonly interleavings: number;
  readonly failures: number;
}
export const NO_COST: Cost = { runs: 0, slots: 0, words: 0, executed: 0, steps: 0, interleavings: 0, failures: 0 };

/** What came of a case. */
export interface Tried {
  readonly verdict: Verdict;
  readonly cost: Cost;
  /** Ids of the instruction rows that ran; empty unless asked for, and where nobody knows. */
  readonly rows: Iterable<string>;
  /** Names of the coverage points that it reached; empty unless asked for. No two kinds share one. */
  readonly points: Iterable<string>;
  /** In what the code of a kernel image is not that of our own JIT, where it must be. */
  readonly difference?: Difference;
}

/** How much is to be noticed beside the verdict: coverage points cost time. */
type Notice = "nothing" | "rows" | "points";

/** Checks cases of one kind on one subject: make it once, use it for many. */
export interface KindChecker<C> {
  /** Whatever goes wrong inside a witness is a disagreement of `no-exception`; the checker stays usable. Never throws. */
  check(c: C, notice?: Notice): Tried;
  /**
   * Cases that will be checked next, in order: whoever can work ahead does. Absent where nobody can.
   *
   * @param began told before the work for each, where that is done here
   */
  announce?(cases: readonly C[], began?: (nth: number) => void): void;
  /** What was started for it ends; it is started again when a case is checked. */
  close?(): void;
  /** A case that was drawn, as this subject can run it. Default: as it is. */
  adapt?(c: C): C;
  /** What a failure is about, in a word or two: an instruction row, an action. `?` where nothing can be blamed. */
  blame(c: C, found: Disagreement): string;
  /** The r0 that a file of the case can ask for: one for all inputs, or one for each. */
  expected?(c: C): readonly bigint[];
  /** What else the witnesses say of a case that fails, a line each. */
  answers?(c: C): readonly string[];
  /** Of a case that fails on somebody's kernel, where in its own code that was. May throw what a witness throws. */
  inKernel?(c: C, found: Disagreement): InKernel | undefined;
  /** Held against what its file says must come out, where that can be more than agreement. Never throws. */
  replay?(c: C, head: Head): Verdict;
}

/** A case in a form that other projects read, or what that form cannot hold. */
export type Exported = string | Uint8Array | { readonly expected: string; readonly got: string };

/** What has been seen least of what cases can hold: what a campaign should try next. */
export interface Goals {
  /** A coverage point was seen so many times more. */
  learn(point: string, times: number): void;
  /** Plain data. Empty if nothing is seldom. */
  choose(draw: Draw): readonly unknown[];
}

export interface Kind<C> {
  /** Its name everywhere: in campaigns, and as a part of the gate. */
  readonly name: string;
  /** Other names that are still understood. */
  readonly oldNames?: readonly string[];
  /** Of its files, with the dot. */
  readonly extension: `.${string}`;
  /** Of the file of one case, in a kind whose cases are written as those of others. */
  extensionOf?(c: C): `.${string}`;
  /** Files with these are still read. */
  readonly oldExtensions?: readonly `.${string}`[];
  /** One of them, as in `a program to run`. */
  readonly what: string;
  /** What `size` counts, as in `instruction`. */
  readonly unit: string;
  /** Of the time, compared with the other kinds, where they take turns by time. */
  readonly share: number;
  /** Chunks in a round, where they take turns by chunks of as many cases. */
  readonly turns: number;
  /** Cases that a worker tries at a time in the gate. */
  readonly chunk: number;
  /** The command that shows all there is to see of a file. */
  readonly command: string;
  /** Of a kind whose cases are a list, how long it is; absent where they are drawn and never end. */
  readonly count?: number;
  /** Depends on seed, index and dialect alone. `index` is below `count`. */
  fresh(seed: number, index: number, dialect?: Dialect): C;
  /**
   * @param engines what runs A64 code, at least one. A kind that compares engines runs on each, others on the first; one
   * that needs what only the reference engine has runs on that.
   * @param more oracles that are asked beside ours, of kinds that ask oracles
   */
  checker(subject: Subject, engines: readonly Engine[], more?: readonly Oracle[]): KindChecker<C>;
  /** The same on a subject that is no kernel, where the kind can do without one. */
  hosted?(subject: ProgramSubject, engines: readonly Engine[]): KindChecker<C>;
  size(c: C): number;
  /** The simplest case found that still fails, or the same one. @param runs how often `fails` may be asked */
  minimize(c: C, fails: StillFails<C>, runs: number): C;
  /** Text that `parse` reads back as the same case. */
  print(c: C, head?: Head): string;
  parse(text: string): ReadCase<C>;
  /** The text of a file in today's form, where files of another form are still read. */
  today?(text: string): string;
  /** Text that says which case it is and outlives changes of the form. Default: what `print` says. */
  identity?(c: C, head: Head): string;
  /** What keeps a case from being tried, and what to do about it in its file. */
  problem?(c: C): { readonly text: string; readonly next: string } | undefined;
  /** Whether files of a corpus say what r0 must be. */
  readonly hasResult?: boolean;
  /** In a form that other projects read: a file of the BPF conformance suite, or the bytes of the instructions. */
  exported?(form: "data" | "raw", c: C, head: Head): Exported;
  /** The code that a case is compiled to, where it is about code: shown beside it. Nothing if it does not compile. */
  code?(c: C): readonly CompiledFunction[];
  /** Another case from one that was worth keeping and a second one; undefined if nothing came of it. */
  change?(parent: C, other: C, draw: Draw, goals: readonly unknown[], dialect?: Dialect): C | undefined;
  /** What has been seen least. Nothing has been seen yet. */
  goals?(): Goals;
  /** For another thread, and back. Without these a case is plain data. */
  pack?(c: C): unknown;
  unpack?(packed: unknown): C;
}

/** A kind whose cases are only handed on. */
export type AnyKind = Kind<unknown>;

/** What checks the kind on the subject. Whoever is no kernel lacks what kinds about kernels need. */
export function checkerOn<C>(
  kind: Kind<C>,
  subject: AnySubject,
  engines: readonly Engine[],
  more: readonly Oracle[] = [],
): KindChecker<C> {
  if (isKernel(subject)) return kind.checker(subject, engines, more);
  if (kind.hosted !== undefined) return kind.hosted(subject, engines);
  const why = subject.untried.get(kind.name) ?? "it is no kernel";
  const verdict: Verdict = { kind: "refused", missing: kind.name, why: `${kind.name} are not tried: ${why}` };
  return plainChecker(() => verdict, { points: () => [], blame: () => "?" });
}

/** Whether something fails as `found` does: what must stay the same while it is made smaller. */
export const failsLike =
  <C>(checker: Pick<KindChecker<C>, "check">, found: Pick<Disagreement, "oracle" | "reason">): ((c: C) => boolean) =>
  (c) =>
    isLike(checker.check(c).verdict, found);

export const isLike = (verdict: Verdict, { oracle, reason }: Pick<Disagreement, "oracle" | "reason">): boolean =>
  verdict.kind === "disagree" && verdict.oracle === oracle && verdict.reason === reason;

/** A checker of what gives no more than a verdict, and points that say which sorts of cases were tried. */
export const plainChecker = <C>(
  check: (c: C) => Verdict,
  { points, blame, renew, adapt, differs, inKernel }: PlainCheck<C>,
): KindChecker<C> => ({
  check(c, notice) {
    const verdict = verdictOrCrash(() => check(c), renew);
    const found = { cost: NO_COST, rows: [], points: notice === "points" ? points(c, verdict) : [] };
    const difference = differs?.(c);
    if (difference === undefined) return { verdict, ...found };
    const { judged, ...about } = difference;
    return { verdict: verdict.kind === "agree" ? (judged ?? verdict) : verdict, ...found, difference: about };
  },
  blame,
  ...(adapt && { adapt }),
  ...(inKernel && { inKernel }),
});

interface PlainCheck<C> {
  points(c: C, verdict: Verdict): Iterable<string>;
  blame(c: C): string;
  /** A case that was drawn, as the subject can run it. */
  adapt?: ((c: C) => C) | undefined;
  /** In what its code is not our own JIT's, where it must be; `judged`: if that is a failure. */
  differs?: ((c: C) => (Difference & { readonly judged?: Disagreement }) | undefined) | undefined;
  inKernel?: KindChecker<C>["inKernel"];
  /** Called after an exception, which may have left anything behind. */
  renew?(): void;
}
