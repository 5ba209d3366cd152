// Every history of allocations and frees up to a length, on a pack so small that all of its corners are reached. Histories
// that leave the allocator in the same state have the same futures, so only the shortest one to each state goes on. The
// state is read off the implementation itself, hidden fields included, and each history is run from the start: nothing
// is taken from the model but what must come out. One breadth after another, so that several workers can share it.

import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { CHUNK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ReferenceText } from "../../spec/text/text.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Subject, SubjectKernel } from "../../subjects/subject.js";
import { type AllocFreeHistory, allocatorState, type Taken, type TriedHistory } from "./alloc-free-history.js";
import { CrowdedPack } from "./crowded-pack.js";
import type { Exhausted } from "./exhausted.js";

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

const MOST_FAILURES = 10;

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

/** Try every history that is one action longer than one of these. */
export function expand(
  scope: AllocFreeScope,
  histories: readonly AllocFreeHistory[],
  subject = defaultSubject,
): Expansion {
  const packBytes = scope.packChunks * CHUNK_BYTES;
  const start = () =>
    subject.fixed === undefined ? new Checker(subject, packBytes) : new CrowdedPack(subject, packBytes);
  let checker = start();
  const failures: string[] = [];
  const states = new Map<string, AllocFreeHistory>();
  let tried = 0;
  for (const history of histories) {
    const live = history.reduce((n, step) => n + (step > 0 ? 1 : -1), 0);
    for (const step of [...scope.sizes, ...Array.from({ length: live }, (_, i) => -1 - i)]) {
      if (failures.length >= MOST_FAILURES) return { tried, failures, states: [...states] };
      const longer = [...history, step];
      tried++;
      const { wrong, packs, state } = checker.try(longer, longer.length < scope.length);
      if (wrong !== undefined) {
        failures.push(`${say(longer)}: ${wrong}`);
        checker = start();
      } else if (state !== undefined && packs <= scope.packs && !states.has(state)) states.set(state, longer);
    }
  }
  return { tried, failures, states: [...states] };
}

const say = (history: AllocFreeHistory): string =>
  history.map((step) => (step > 0 ? `alloc ${step * CHUNK_BYTES} B` : `free the ${-step}. of the live`)).join(", ");

/** The subject and the reference, and what both have allocated. */
interface Beside {
  readonly kernel: SubjectKernel;
  readonly reference: ReferenceAllocator;
  readonly live: Taken[];
}

/** One machine, left as it was after every history. */
class Checker {
  private readonly machine = new Machine();
  private readonly image: number;
  private mapped: number[] = [];
  /** Images of all sizes. */
  private readonly contents: Uint8Array;

  constructor(
    private readonly subject: Subject,
    private readonly packBytes: number,
  ) {
    const { machine } = this;
    this.image = machine.kvmalloc(2 * packBytes)!;
    machine.fill32(this.image, 0x1122_3344, 2 * packBytes);
    this.contents = machine.peek(this.image, 2 * packBytes);
    machine.onEvent = (event) => {
      if (event.kind === "setPermission" && event.permission === "rox") this.mapped.push(event.va);
    };
  }

  try(history: AllocFreeHistory, wantsState: boolean): TriedHistory {
    const { machine, packBytes } = this;
    this.mapped = [];
    const kernel = this.subject.boot({ machine, random: () => 0, packBytes });
    const reference = new ReferenceAllocator(() => this.mapped.shift(), packBytes);
    const tried: Beside = { kernel, reference, live: [] };
    let wrong: string | undefined;
    for (const step of history) wrong = step > 0 ? this.alloc(tried, step * CHUNK_BYTES) : free(tried, -step - 1);
    wrong ??= this.compare(tried);
    const { packs, warnings } = kernel;
    const state = wantsState ? allocatorState(packs, tried.live) : undefined;
    const count = packs.packs.length;
    for (const { at, bytes } of tried.live) packs.bpfProgPackFree(at, bytes);
    if (warnings.length > 0) wrong ??= `a warning: ${warnings[0]}`;
    if (machine.usage.areas !== 0 || machine.usage.heapObjects !== 1) wrong ??= "something is left in the end";
    return { wrong, packs: count, state };
  }

  private alloc({ kernel, reference, live }: Beside, bytes: number): string | undefined {
    const at = kernel.packs.bpfProgPackAlloc(bytes)!;
    const expected = reference.alloc(bytes);
    kernel.aarch64InsnCopy(at, this.image, bytes);
    live.push({ at, bytes });
    return at === expected ? undefined : `allocated at 0x${at.toString(16)}, expected 0x${expected?.toString(16)}`;
  }

  private compare({ kernel: { packs, machine }, reference, live }: Beside): string | undefined {
    if (packs.packs.length !== reference.packs.length) return `${packs.packs.length} packs`;
    if (packs.packs.some(({ base }, i) => base !== reference.packs[i]!.base)) return "packs in another order";
    const text = new ReferenceText();
    for (const { base } of reference.packs) text.mapped(base, machine.pageBytes);
    for (const { start } of reference.large) text.mapped(start, machine.pageBytes);
    for (const { at, bytes } of live) text.stored(at, this.contents.subarray(0, bytes));
    const different = text.difference((address, bytes) => machine.peek(address, bytes));
    if (different !== undefined) return `0x${different.address.toString(16)} holds 0x${different.got.toString(16)}`;
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }
}

function free({ kernel: { packs, machine }, reference, live }: Beside, position: number): string | undefined {
  const [{ at, bytes } = { at: 0 as RoAddr, bytes: 0 }] = live.splice(position, 1);
  packs.bpfProgPackFree(at, bytes);
  const freed = reference.free(at);
  if (freed.kind === "chunks") return undefined;
  return machine.mapping(freed.base) === undefined ? undefined : "an empty pack is kept";
}
