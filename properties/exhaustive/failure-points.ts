// Every step that can fail is made to fail, one at a time and in pairs: in loading and in freeing a simple program, one with
// subprograms and one larger than a pack, in packs and in pages, alone and beside another program; and in attaching
// something to it, attaching something else, detaching it, and freeing it while something is attached, near and far.

import type { FailingStep } from "../../machine/event.js";
import type { Action, AttachedProgram, Failing, History, HistoryOptions, ProgramSpec } from "../../subjects/action.js";
import { DEFAULT_OPTIONS, NOTHING_ELSE } from "../../subjects/action.js";
import { defaultSubject } from "../../subjects/index.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import type { QuirkId, Subject } from "../../subjects/subject.js";
import { checkHistory, type HistoryReport } from "../cases/history/check.js";
import { printActions } from "../cases/history/text.js";
import { ALL, type Exhausted, isOfShare, MOST_FAILURES, type Share } from "./exhausted.js";

const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy", "poke", "progAlloc"];
const PACK_BYTES = 8192;
const PROGRAMS: readonly ProgramSpec[] = [
  { first: 1, insns: 10, subprograms: 0, probes: 0 },
  { first: 1, insns: 12, subprograms: 3, probes: 2 },
];
const LARGER_THAN_A_PACK: ProgramSpec = { first: 1, insns: 2500, subprograms: 0, probes: 0 };
const OTHER: Action = {
  kind: "load",
  id: 0,
  program: { first: 9, insns: 4, subprograms: 0, probes: 0 },
  ...NOTHING_ELSE,
};
const ID = 1;
const RECORDER = { id: undefined, result: 0, enterReturnsZero: false };
const FIRST: readonly AttachedProgram[] = [{ kind: "fentry", ...RECORDER }];
/** With a call of the function, so that its release is poked. */
const SECOND: readonly AttachedProgram[] = [
  { kind: "fmod_ret", ...RECORDER },
  { kind: "fexit", ...RECORDER },
];
/** No operation takes a step more often. */
const MOST_CALLS = 200;

interface FailurePoints extends Exhausted {
  /** Single failures, and pairs of them. */
  readonly points: number;
  readonly pairs: number;
}

interface FailurePointsOptions {
  readonly given?: Partial<HistoryOptions>;
  /** Of the operations. */
  readonly share?: Share;
}

export function failurePoints(
  { given = {}, share = ALL }: FailurePointsOptions = {},
  subject = defaultSubject,
): FailurePoints {
  const tally = new Tally(subject);
  let points = 0;
  let pairs = 0;
  for (const [index, history] of [...operations(given, subject)].entries()) {
    if (!isOfShare(index, share)) continue;
    tally.begin();
    const single = STEPS.flatMap((step) => pointsOf(step, (fails) => tally.isHit(history(fails), fails)));
    points += single.length;
    for (const first of single) {
      for (const second of single) {
        const fails = [first, second];
        if (second.step <= first.step || fails.every((one) => tally.isKnown(one))) continue;
        if (tally.isHit(history(fails), fails, tally.spoilt(fails))) pairs++;
      }
    }
  }
  return { ...tally.result, points, pairs };
}

/** A leak, which changes nothing of what comes later. */
const HARMLESS: ReadonlySet<QuirkId> = new Set(["freeLeaksOffsets", "freeLeaksBuffer"]);

/** Histories that are tried, and what came of them. */
class Tally {
  private readonly failures: string[] = [];
  private readonly known: Record<string, number> = {};
  private readonly lacking = new Set<string>();
  /** By single failure of the operation that is tried: the known defect that shows then. */
  private readonly shown = new Map<string, QuirkId>();
  private tried = 0;

  constructor(private readonly subject: Subject) {}

  get result(): Exhausted {
    const { tried, failures, known, lacking } = this;
    return { tried, failures, known, lacking: [...lacking] };
  }

  /** Another operation is tried. */
  begin(): void {
    this.shown.clear();
  }

  /** Whether that failure alone leads to a known defect. */
  isKnown(failing: Failing): boolean {
    return this.shown.has(keyOf(failing));
  }

  /** The known defect that one of these failures alone leads to, after which the other means nothing. */
  spoilt(fails: readonly Failing[]): QuirkId | undefined {
    const shown = fails.map((failing) => this.shown.get(keyOf(failing)));
    return shown.find((quirk) => quirk !== undefined && !HARMLESS.has(quirk));
  }

  /** @param spoilt what a breach is put down to; @returns whether all of the failures were met */
  isHit(history: History, fails: readonly Failing[], spoilt?: QuirkId): boolean {
    const report = this.report(history);
    if (report === undefined) return false;
    this.tried++;
    const known = report.known ?? (report.violations.length > 0 ? spoilt : undefined);
    if (known !== undefined) this.known[known] = (this.known[known] ?? 0) + 1;
    else if (report.violations.length > 0 && this.failures.length < MOST_FAILURES)
      this.failures.push(describe(history, report));
    const [first] = fails;
    if (known !== undefined && fails.length === 1) this.shown.set(keyOf(first!), known);
    return report.failures === fails.length;
  }

  /** Undefined if the subject lacks what the history needs. */
  private report(history: History): HistoryReport | undefined {
    try {
      return checkHistory(history, { subject: this.subject });
    } catch (error) {
      if (!(error instanceof NotModelled)) throw error;
      this.lacking.add(error.message);
      return undefined;
    }
  }
}

const keyOf = ({ step, nth }: Failing): string => `${step} ${nth}`;

/** The calls of a step that an operation makes, found by failing them until one is not reached. */
function pointsOf(step: FailingStep, strikes: (fails: readonly Failing[]) => boolean): Failing[] {
  const found: Failing[] = [];
  for (let nth = 1; nth <= MOST_CALLS && strikes([{ step, nth }]); nth++) found.push({ step, nth });
  return found;
}

/** The history in which an operation meets these failures. */
type HistoryOf = (fails: readonly Failing[]) => History;

function* operations(given: Partial<HistoryOptions>, { fixed }: Subject): Generator<HistoryOf> {
  // Of a pack of two megabytes, what is larger takes as long as all the others.
  const programs = fixed?.images === "packs" ? PROGRAMS : [...PROGRAMS, LARGER_THAN_A_PACK];
  for (const images of fixed === undefined ? (["packs", "pages"] as const) : [fixed.images]) {
    for (const program of programs) {
      for (const before of [[], [OTHER]]) {
        const options = { ...DEFAULT_OPTIONS, packBytes: PACK_BYTES, images, ...fixed, ...given };
        const load = (fails: readonly Failing[]): Action => ({ kind: "load", id: ID, program, fails, others: [] });
        // The same again without a failure, and the other program, must still be right.
        const after: Action[] = [
          { kind: "load", id: 2, program, ...NOTHING_ELSE },
          { kind: "run", id: 0, cpu: 1 },
          { kind: "run", id: 2, cpu: 1 },
        ];
        yield (fails) => ({ options, actions: [...before, load(fails), ...after] });
        yield (fails) => ({ options, actions: [...before, load([]), free(fails), ...after] });
        for (const packsBeyondBranchRange of [false, true]) {
          for (const tail of tracings) {
            const actions = (fails: readonly Failing[]): Action[] => [...before, load([]), ...tail(fails), RUN];
            yield (fails) => ({ options: { ...options, packsBeyondBranchRange }, actions: actions(fails) });
          }
        }
      }
    }
  }
}

const free = (fails: readonly Failing[]): Action => ({ kind: "free", id: ID, fails, others: [] });
const attach = (programs: readonly AttachedProgram[], fails: readonly Failing[]): Action => ({
  kind: "attach",
  id: ID,
  programs,
  fails,
  others: [],
});
const detach = (fails: readonly Failing[]): Action => ({ kind: "detach", id: ID, fails, others: [] });
const RUN: Action = { kind: "run", id: ID, cpu: 1 };

/** What happens to a loaded program; the last action meets the failures. */
const tracings: readonly ((fails: readonly Failing[]) => readonly Action[])[] = [
  (fails) => [attach(FIRST, fails)],
  (fails) => [attach(SECOND, []), attach(FIRST, fails)],
  (fails) => [attach(SECOND, []), detach(fails)],
  (fails) => [attach(SECOND, []), free(fails)],
];

function describe(history: History, { violations }: HistoryReport): string {
  const [first] = violations;
  return `${printActions(history.actions, history.options).join(" / ")}: ${first?.oracle}: ${first?.what}`;
}
