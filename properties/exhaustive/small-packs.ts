// Allocations and frees where packs can be as small as one likes, beside the reference: compared after each. Histories are a
// tree: a kernel goes from one to the next by taking steps back (beside.ts) as far as both begin alike.

import type { Subject } from "../../subjects/subject.js";
import {
  type AllocFreeHistory,
  allocatorState,
  type HistoryChecker,
  type Step,
  type TriedHistory,
} from "./alloc-free-history.js";
import { Beside, type Ground, groundFor, OTHER } from "./beside.js";

/** A kernel that has been through so many steps is left: what only all of them show must stay short enough to be told. */
const MOST_STEPS = 400;

/** One machine, left as it was by each kernel. */
export class SmallPacks implements HistoryChecker {
  private readonly ground: Ground;
  /** Where the last history has led. */
  private beside: Beside | undefined;

  constructor(subject: Subject, packBytes: number) {
    this.ground = groundFor(subject, packBytes);
  }

  try(start: AllocFreeHistory, last: Step, mostPacks: number): TriedHistory {
    const broken = this.comeTo(start);
    if (broken !== undefined) return { state: undefined, ...broken };
    const beside = this.beside!;
    const wrong = beside.step(last);
    if (wrong !== undefined) return { state: undefined, ...this.explained(beside, wrong) };
    const { packs } = beside.kernel;
    const state = packs.packs.length <= mostPacks ? allocatorState(packs, beside.live) : undefined;
    return { wrong, state, ...this.back() };
  }

  end(): ReturnType<HistoryChecker["end"]> {
    const { beside } = this;
    this.beside = undefined;
    const wrong = beside?.end();
    return wrong === undefined ? undefined : { wrong, shownBy: beside!.done };
  }

  /** @returns what is wrong on the way to there */
  private comeTo(start: AllocFreeHistory): Explained | undefined {
    if (this.beside !== undefined && this.beside.done.length >= MOST_STEPS) {
      const ended = this.end();
      if (ended !== undefined) return ended;
    }
    while (this.beside !== undefined && !leadsTo(this.beside, start)) {
      const broken = this.back();
      if (broken !== undefined) return broken;
    }
    this.beside ??= new Beside(this.ground);
    const { beside } = this;
    for (const step of start.slice(beside.path.length)) {
      const wrong = beside.step(step);
      if (wrong !== undefined) return this.explained(beside, wrong);
    }
    return undefined;
  }

  /** Take the last step back, or leave the kernel. @returns what is wrong then */
  private back(): Explained | undefined {
    const beside = this.beside!;
    const broken = beside.takeBack();
    if (broken === OTHER) return this.end();
    return broken === undefined ? undefined : this.explained(beside, broken);
  }

  /** Shown by the history alone, or else by all that the kernel has been through, without what does not matter. */
  private explained({ path, done }: Beside, wrong: string): Explained {
    this.end();
    const history = path.map(({ step }) => step);
    const alone = this.wrongAt(history);
    if (alone !== undefined) return { wrong: alone, shownBy: history };
    let shownBy: AllocFreeHistory = done;
    let said = wrong;
    for (let at = shownBy.length - 2; at >= 0; at--) {
      if (!isTakenBack(shownBy, at)) continue;
      const shorter = shownBy.toSpliced(at, 2);
      const still = this.wrongAt(shorter);
      if (still !== undefined) [shownBy, said] = [shorter, still];
    }
    return { wrong: said, shownBy };
  }

  /** After its last step, or after everything was freed, on a machine of its own. */
  private wrongAt(history: AllocFreeHistory): string | undefined {
    const { subject, packBytes } = this.ground;
    const alone = new Beside(groundFor(subject, packBytes));
    let wrong: string | undefined;
    for (const step of history) wrong = alone.perform(step);
    return wrong ?? alone.difference() ?? alone.end();
  }
}

interface Explained {
  readonly wrong: string;
  readonly shownBy: AllocFreeHistory;
}

/** An allocation whose free comes next. */
function isTakenBack(history: AllocFreeHistory, at: number): boolean {
  const live = history.slice(0, at + 1).reduce((n, step) => n + (step > 0 ? 1 : -1), 0);
  return history[at]! > 0 && history[at + 1] === -live;
}

/** Whether the history begins with all steps of the path. */
const leadsTo = ({ path }: Beside, history: AllocFreeHistory): boolean =>
  path.length <= history.length && path.every(({ step }, i) => step === history[i]);
