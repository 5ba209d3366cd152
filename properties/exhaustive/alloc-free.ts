// Every history of allocations and frees up to a length, on a pack so small that all of its corners are reached. Histories
// that leave the allocator in the same state have the same futures, so only the shortest one to each state goes on. The
// state is read off the implementation itself, hidden fields included: nothing is taken from the model but what must come
// out. One breadth after another, so that several workers can share it.

import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { defaultSubject } from "../../subjects/index.js";
import type { AllocFreeHistory, HistoryChecker } from "./alloc-free-history.js";
import { CrowdedPack } from "./crowded-pack.js";
import { type Exhausted, MOST_FAILURES } from "./exhausted.js";
import { SmallPacks } from "./small-packs.js";

export interface AllocFreeScope {
  /** Chunks of a pack. */
  readonly packChunks: number;
  /** Sizes of allocations, in chunks. */
  readonly sizes: readonly number[];
  /** Most actions of a history. */
  readonly length: number;
  /** A history ends with the action that makes more packs than that. */
  readonly packs: number;
}

/** What became of the histories that are one action longer than those of a batch. */
export interface Expansion {
  /** Histories tried. */
  readonly tried: number;
  /** One line for each history that breaks something; the first few. */
  readonly failures: readonly string[];
  /** By state, a history that leads to it and may go on. */
  readonly states: readonly (readonly [state: string, history: AllocFreeHistory])[];
}

/** Which states are known, and which histories come next. */
export class AllocFreeSearch {
  /** All of one length: one to each state that no shorter history leads to. */
  next: readonly AllocFreeHistory[] = [[]];
  private readonly known = new Set<string>();

  constructor(private readonly scope: AllocFreeScope) {}

  /** All of `next` have been expanded. */
  learn(expansions: readonly Expansion[]): void {
    const next: AllocFreeHistory[] = [];
    for (const { states } of expansions) {
      for (const [state, history] of states) {
        if (this.known.has(state) || history.length >= this.scope.length) continue;
        this.known.add(state);
        next.push(history);
      }
    }
    this.next = next;
  }
}

/** On the calling thread. */
export function allocFreeHistories(scope: AllocFreeScope, subject = defaultSubject): Exhausted {
  const search = new AllocFreeSearch(scope);
  let tried = 0;
  const failures: string[] = [];
  while (search.next.length > 0 && failures.length === 0) {
    const expansion = expand(scope, search.next, subject);
    tried += expansion.tried;
    failures.push(...expansion.failures);
    search.learn([expansion]);
  }
  return { tried, failures };
}

/** Not even of no packs. */
const NO_STATE = -1;

/** Try every history that is one action longer than one of these. */
export function expand(
  scope: AllocFreeScope,
  histories: readonly AllocFreeHistory[],
  subject = defaultSubject,
): Expansion {
  const packBytes = scope.packChunks * CHUNK_BYTES;
  const start = (): HistoryChecker =>
    subject.fixed === undefined ? new SmallPacks(subject, packBytes) : new CrowdedPack(subject, packBytes);
  let checker = start();
  const failures: string[] = [];
  const states = new Map<string, AllocFreeHistory>();
  let tried = 0;
  for (const history of histories) {
    const live = history.reduce((n, step) => n + (step > 0 ? 1 : -1), 0);
    const mostPacks = history.length + 1 < scope.length ? scope.packs : NO_STATE;
    for (const step of [...scope.sizes, ...Array.from({ length: live }, (_, i) => -1 - i)]) {
      if (failures.length >= MOST_FAILURES) return { tried, failures, states: [...states] };
      tried++;
      const { wrong, state, shownBy } = checker.try(history, step, mostPacks);
      if (wrong !== undefined) {
        failures.push(`${say(shownBy ?? [...history, step])}: ${wrong}`);
        checker = start();
      } else if (state !== undefined && !states.has(state)) states.set(state, [...history, step]);
    }
  }
  const ended = checker.end();
  if (ended !== undefined) failures.push(`${say(ended.shownBy)}, free all: ${ended.wrong}`);
  return { tried, failures, states: [...states] };
}

const say = (history: AllocFreeHistory): string =>
  history.map((step) => (step > 0 ? `alloc ${step * CHUNK_BYTES} B` : `free the ${-step}. of the live`)).join(", ");
