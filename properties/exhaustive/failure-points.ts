// Every step that can fail, told to fail, one at a time and in pairs: in loading and in freeing a simple program, one with
// subprograms and one larger than a pack, in packs and in pages, alone and beside another program.

import type { FailingStep } from "../../machine/event.js";
import type { Action, Failing, History, HistoryOptions, ProgramSpec } from "../history/history.js";
import { DEFAULT_OPTIONS, NOTHING_ELSE } from "../history/history.js";
import { type PlayReport, playHistory } from "../history/play.js";
import { printActions } from "../history/text.js";
import type { Exhausted } from "./alloc-free.js";

const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy"];
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
/** No operation takes a step more often. */
const MOST_CALLS = 200;

export interface FailurePoints extends Exhausted {
  /** Single failures, and pairs of them. */
  readonly points: number;
  readonly pairs: number;
}

export function failurePoints(given: Partial<HistoryOptions> = {}): FailurePoints {
  const failures: string[] = [];
  let tried = 0;
  let points = 0;
  let pairs = 0;
  const struck = (history: History, expected: number): boolean => {
    const report = playHistory(history);
    tried++;
    if (report.violations.length > 0) failures.push(describe(history, report));
    return report.failures === expected;
  };
  for (const { history } of situations(given)) {
    const single = STEPS.flatMap((step) => pointsOf(step, (fails) => struck(history(fails), 1)));
    points += single.length;
    for (const first of single) {
      for (const second of single) {
        if (second.step > first.step && struck(history([first, second]), 2)) pairs++;
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

interface Situation {
  /** The history in which the operation meets these failures. */
  readonly history: (fails: readonly Failing[]) => History;
}

function* situations(given: Partial<HistoryOptions>): Generator<Situation> {
  for (const images of ["packs", "pages"] as const) {
    for (const program of PROGRAMS) {
      for (const before of [[], [OTHER]]) {
        const options = { ...DEFAULT_OPTIONS, packBytes: PACK_BYTES, images, ...given };
        const load = (fails: readonly Failing[]): Action => ({ kind: "load", id: 1, program, fails, others: [] });
        const free = (fails: readonly Failing[]): Action => ({ kind: "free", id: 1, fails, others: [] });
        // The same again without a failure, and the other program, must still be right.
        const after: Action[] = [
          { kind: "load", id: 2, program, ...NOTHING_ELSE },
          { kind: "run", id: 0, cpu: 1 },
          { kind: "run", id: 2, cpu: 1 },
        ];
        yield { history: (fails) => ({ options, actions: [...before, load(fails), ...after] }) };
        yield { history: (fails) => ({ options, actions: [...before, load([]), free(fails), ...after] }) };
      }
    }
  }
}

function describe(history: History, { violations }: PlayReport): string {
  const [first] = violations;
  return `${printActions(history.actions, history.options).join(" / ")}: ${first?.oracle}: ${first?.what}`;
}
