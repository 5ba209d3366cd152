// Every step that can fail is made to fail, one at a time and in pairs: in loading and in freeing a simple program, one with
// subprograms and one larger than a pack, in packs and in pages, alone and beside another program; and in attaching
// something to it, attaching something else, detaching it, and freeing it while something is attached, near and far.

import type { FailingStep } from "../../machine/event.js";
import type { Action, AttachedProgram, Failing, History, HistoryOptions, ProgramSpec } from "../../subjects/action.js";
import { DEFAULT_OPTIONS, NOTHING_ELSE } from "../../subjects/action.js";
import { defaultSubject } from "../../subjects/index.js";
import { checkHistory, type HistoryReport } from "../cases/history/check.js";
import { printActions } from "../cases/history/text.js";
import type { Exhausted } from "./alloc-free.js";

const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy", "poke", "progAlloc"];
const PACK_BYTES = 8192;
const PROGRAMS: readonly ProgramSpec[] = [
  { first: 1, insns: 10, subprograms: 0, probes: 0 },
  { first: 1, insns: 12, subprograms: 3, probes: 2 },
  { first: 1, insns: 2500, subprograms: 0, probes: 0 },
];
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

export function failurePoints(given: Partial<HistoryOptions> = {}, subject = defaultSubject): FailurePoints {
  const failures: string[] = [];
  let tried = 0;
  let points = 0;
  let pairs = 0;
  const faultsHit = (history: History, expected: number): boolean => {
    const report = checkHistory(history, { subject });
    tried++;
    if (report.violations.length > 0) failures.push(describe(history, report));
    return report.failures === expected;
  };
  for (const history of operations(given)) {
    const single = STEPS.flatMap((step) => pointsOf(step, (fails) => faultsHit(history(fails), 1)));
    points += single.length;
    for (const first of single) {
      for (const second of single) {
        if (second.step > first.step && faultsHit(history([first, second]), 2)) pairs++;
      }
    }
  }
  return { tried, points, pairs, failures };
}

/** The calls of a step that an operation makes, found by failing them until one is not reached. */
function pointsOf(step: FailingStep, strikes: (fails: readonly Failing[]) => boolean): Failing[] {
  const found: Failing[] = [];
  for (let nth = 1; nth <= MOST_CALLS && strikes([{ step, nth }]); nth++) found.push({ step, nth });
  return found;
}

/** The history in which an operation meets these failures. */
type HistoryOf = (fails: readonly Failing[]) => History;

function* operations(given: Partial<HistoryOptions>): Generator<HistoryOf> {
  for (const images of ["packs", "pages"] as const) {
    for (const program of PROGRAMS) {
      for (const before of [[], [OTHER]]) {
        const options = { ...DEFAULT_OPTIONS, packBytes: PACK_BYTES, images, ...given };
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
