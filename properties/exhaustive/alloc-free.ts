// Every history of allocations and frees up to a length, on a pack so small that all of its corners are reached. Each
// history is played from the start, so that hidden state (where a search begins, the order of packs) is what it would be.

import { ProgPacks } from "../../impl/pack/prog-pack.js";
import { aarch64InsnCopy } from "../../impl/patching/text-poke.js";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ReferenceText } from "../../spec/text/text.js";

const CHUNK = 64;

export interface AllocFreeOptions {
  /** Chunks of a pack. */
  readonly packChunks: number;
  /** Sizes of allocations, in chunks. */
  readonly sizes: readonly number[];
  /** Most actions of a history. */
  readonly length: number;
  /** Only histories whose second action is number `index` modulo `of`; without it all. */
  readonly share?: { readonly index: number; readonly of: number };
}

export interface Exhausted {
  readonly tried: number;
  /** One line for each history that breaks something; the first few. */
  readonly failures: readonly string[];
}

const MOST_FAILURES = 10;

/** A size in chunks, or minus the position of what is freed among the live, less one. */
type Step = number;

export function allocFreeHistories(options: AllocFreeOptions): Exhausted {
  const bench = new Bench(options.packChunks * CHUNK);
  const failures: string[] = [];
  let tried = 0;
  let seconds = 0;
  const history: Step[] = [];
  const visit = (live: number): void => {
    const steps = [...options.sizes, ...Array.from({ length: live }, (_, i) => -1 - i)];
    for (const step of steps) {
      if (failures.length >= MOST_FAILURES) return;
      if (history.length === 1 && !isMine(seconds++, options.share)) continue;
      history.push(step);
      if (history.length > 1 || isMine(0, options.share)) {
        tried++;
        const failure = bench.play(history);
        if (failure !== undefined) failures.push(`${say(history)}: ${failure}`);
      }
      if (history.length < options.length) visit(step > 0 ? live + 1 : live - 1);
      history.pop();
    }
  };
  visit(0);
  return { tried, failures };
}

const isMine = (n: number, share: AllocFreeOptions["share"]): boolean =>
  share === undefined || n % share.of === share.index;

const say = (history: readonly Step[]): string =>
  history.map((step) => (step > 0 ? `alloc ${step * CHUNK} B` : `free the ${-step}. of the live`)).join(", ");

interface Taken {
  readonly at: RoAddr;
  readonly bytes: number;
}

/** One machine, left as it was after every history. */
class Bench {
  private readonly machine = new Machine();
  private readonly image: number;
  private mapped: number[] = [];
  /** Images of all sizes. */
  private readonly contents: Uint8Array;

  constructor(private readonly packBytes: number) {
    const { machine } = this;
    this.image = machine.kvmalloc(2 * packBytes)!;
    machine.fill32(this.image, 0x1122_3344, 2 * packBytes);
    this.contents = machine.peek(this.image, 2 * packBytes);
    machine.onEvent = (event) => {
      if (event.kind === "setPermission" && event.permission === "rox") this.mapped.push(event.va);
    };
  }

  /** What is wrong after the last step, or undefined. The others have been the last one of a shorter history. */
  play(history: readonly Step[]): string | undefined {
    const { machine } = this;
    this.mapped = [];
    const packs = new ProgPacks(machine, { packBytes: this.packBytes });
    const reference = new ReferenceAllocator(() => this.mapped.shift(), this.packBytes);
    const live: Taken[] = [];
    let wrong: string | undefined;
    for (const step of history) {
      wrong =
        step > 0 ? this.alloc(packs, reference, live, step * CHUNK) : this.free(packs, reference, live, -step - 1);
    }
    wrong ??= this.compare(packs, reference, live);
    for (const { at, bytes } of live) packs.bpfProgPackFree(at, bytes);
    if (machine.usage.areas !== 0 || machine.usage.heapObjects !== 1) wrong ??= "something is left in the end";
    return wrong;
  }

  private alloc(packs: ProgPacks, reference: ReferenceAllocator, live: Taken[], bytes: number): string | undefined {
    const at = packs.bpfProgPackAlloc(bytes)!;
    const expected = reference.alloc(bytes);
    aarch64InsnCopy(this.machine, at, this.image, bytes);
    live.push({ at, bytes });
    return at === expected ? undefined : `allocated at 0x${at.toString(16)}, expected 0x${expected?.toString(16)}`;
  }

  private free(packs: ProgPacks, reference: ReferenceAllocator, live: Taken[], position: number): string | undefined {
    const [{ at, bytes } = { at: 0 as RoAddr, bytes: 0 }] = live.splice(position, 1);
    packs.bpfProgPackFree(at, bytes);
    const freed = reference.free(at);
    if (freed.kind === "chunks") return undefined;
    return this.machine.mapping(freed.base) === undefined ? undefined : "an empty pack is kept";
  }

  private compare(packs: ProgPacks, reference: ReferenceAllocator, live: readonly Taken[]): string | undefined {
    const { machine } = this;
    if (packs.packs.length !== reference.packs.length) return `${packs.packs.length} packs`;
    if (packs.packs.some(({ base }, i) => base !== reference.packs[i]!.base)) return "packs in another order";
    const text = new ReferenceText();
    for (const { base } of reference.packs) text.mapped(base, machine.pageBytes);
    for (const { start } of reference.large) text.mapped(start, machine.pageBytes);
    for (const { at, bytes } of live) text.stored(at, this.contents.subarray(0, bytes));
    const different = text.difference((address, bytes) => machine.peek(address, bytes));
    if (different !== undefined) return `0x${different.address.toString(16)} holds 0x${different.actual.toString(16)}`;
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }
}
