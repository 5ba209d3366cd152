// Allocations and frees where packs can be as small as one likes, beside the reference: compared after each. Histories that
// differ in their last step are tried on one kernel. It takes the step back by its opposite, and gets back what its allocator
// remembered; it goes on only if it is made of the same objects as before, and else another one is booted. What was taken
// back must have left nothing.

import { Machine } from "../../machine/machine.js";
import { CHUNK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ReferenceText } from "../../spec/text/text.js";
import type { Subject, SubjectKernel } from "../../subjects/subject.js";
import {
  type AllocFreeHistory,
  allocatorState,
  type HistoryChecker,
  type Step,
  type Taken,
  type TriedHistory,
} from "./alloc-free-history.js";
import { Remembered } from "./remembered.js";

/** One machine, left as it was by each kernel. */
export class SmallPacks implements HistoryChecker {
  private readonly ground: Ground;
  /** A kernel that has been through a history, and is as it was right after it. */
  private begun: Begun | undefined;

  constructor(subject: Subject, packBytes: number) {
    this.ground = groundFor(subject, packBytes);
  }

  try(history: AllocFreeHistory, wantsState: boolean): TriedHistory {
    const start = history.slice(0, -1);
    const begun = this.begunBy(start);
    const { beside, before } = begun;
    const { usage } = this.ground.machine;
    const step = history.at(-1)!;
    const target = step > 0 ? undefined : beside.live[-step - 1];
    const wrong = beside.perform(step) ?? beside.difference();
    const packs = beside.kernel.packs.packs.length;
    if (wrong !== undefined) return { packs, state: undefined, ...this.explained(beside, wrong, history) };
    const state = wantsState ? allocatorState(beside.kernel.packs, beside.live) : undefined;
    const broken = target === undefined ? beside.perform(-beside.live.length) : beside.undoFree(target, -step - 1);
    if (broken === MOVED) return { wrong, packs, state, ...this.end() };
    const left = broken ?? beside.leftover(usage);
    if (left !== undefined) return { packs, state, ...this.explained(beside, left) };
    return before.putBack() ? { wrong, packs, state } : { wrong, packs, state, ...this.end() };
  }

  end(): ReturnType<HistoryChecker["end"]> {
    const { beside } = this.begun ?? {};
    this.begun = undefined;
    const wrong = beside?.end();
    return wrong === undefined ? undefined : { wrong, shownBy: beside!.done };
  }

  /** All of it was tried before, when its last step was that of a shorter history. */
  private begunBy(start: AllocFreeHistory): Begun {
    if (this.begun !== undefined && isSame(this.begun.start, start)) return this.begun;
    this.end();
    const beside = new Beside(this.ground);
    for (const step of start) beside.perform(step);
    this.begun = { start, beside, before: new Remembered(beside.kernel.packs) };
    return this.begun;
  }

  /** Shown by the history alone, or else by all that the kernel has been through, without what does not matter. */
  private explained({ done }: Beside, wrong: string, history?: AllocFreeHistory): Explained {
    this.end();
    const alone = history && this.wrongAt(history);
    if (alone !== undefined) return { wrong: alone };
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

type Explained = Pick<TriedHistory, "wrong" | "shownBy">;

/** An allocation whose free comes next. */
function isTakenBack(history: AllocFreeHistory, at: number): boolean {
  const live = history.slice(0, at + 1).reduce((n, step) => n + (step > 0 ? 1 : -1), 0);
  return history[at]! > 0 && history[at + 1] === -live;
}

interface Begun {
  readonly start: AllocFreeHistory;
  readonly beside: Beside;
  /** What the allocator remembered then. */
  readonly before: Remembered;
}

const isSame = (a: AllocFreeHistory, b: AllocFreeHistory): boolean =>
  a.length === b.length && a.every((step, i) => step === b[i]);

interface Ground {
  readonly subject: Subject;
  readonly packBytes: number;
  readonly machine: Machine;
  /** Images of all sizes: where they are, and what they hold. */
  readonly image: number;
  readonly contents: Uint8Array;
  /** Executable memory that the reference has not been told of. */
  readonly mapped: number[];
}

function groundFor(subject: Subject, packBytes: number): Ground {
  const machine = new Machine();
  const image = machine.kvmalloc(2 * packBytes)!;
  machine.fill32(image, 0x1122_3344, 2 * packBytes);
  const mapped: number[] = [];
  machine.onEvent = (event) => {
    if (event.kind === "setPermission" && event.permission === "rox") mapped.push(event.va);
  };
  return { subject, packBytes, machine, image, contents: machine.peek(image, 2 * packBytes), mapped };
}

/** The bytes of a page as they lie there: to copy them takes longer than to compare them. */
const seen = (machine: Machine, va: number, bytes: number): Uint8Array =>
  (bytes === machine.pageBytes ? machine.mapping(va)?.frame.bytes : undefined) ?? machine.peek(va, bytes);

/** What was freed cannot be allocated again where it was. */
const MOVED = Symbol("moved");

/** A kernel and the reference, from a boot on. */
class Beside {
  readonly kernel: SubjectKernel;
  readonly live: Taken[] = [];
  /** Every step since the boot, as a history. */
  readonly done: Step[] = [];
  /** What lives in the order in which it was allocated. */
  private readonly byAge: Taken[] = [];
  private readonly reference: ReferenceAllocator;
  private readonly text = new ReferenceText();

  constructor(private readonly ground: Ground) {
    const { machine, packBytes, subject, mapped } = ground;
    mapped.length = 0;
    this.kernel = subject.boot({ machine, random: () => 0, packBytes });
    this.reference = new ReferenceAllocator((bytes) => {
      const va = mapped.shift();
      if (va !== undefined) this.text.mapped(va, Math.ceil(bytes / machine.pageBytes) * machine.pageBytes);
      return va;
    }, packBytes);
  }

  /** @returns what is wrong with what came of it */
  perform(step: Step): string | undefined {
    return step > 0 ? this.alloc(step) : this.free(-step - 1);
  }

  private alloc(chunks: number): string | undefined {
    const { kernel, reference, live, text, ground } = this;
    const bytes = chunks * CHUNK_BYTES;
    const at = kernel.packs.bpfProgPackAlloc(bytes)!;
    const expected = reference.alloc(bytes);
    kernel.aarch64InsnCopy(at, ground.image, bytes);
    const taken = { at, bytes };
    live.push(taken);
    this.byAge.push(taken);
    this.done.push(chunks);
    if (at !== expected) return `allocated at 0x${at.toString(16)}, expected 0x${expected?.toString(16)}`;
    text.stored(at, ground.contents.subarray(0, bytes));
    return undefined;
  }

  private free(position: number): string | undefined {
    const { kernel, reference, live, byAge, text, ground } = this;
    const taken = live[position]!;
    const { at, bytes } = taken;
    const age = byAge.indexOf(taken);
    live.splice(position, 1);
    byAge.splice(age, 1);
    this.done.push(-1 - age);
    kernel.packs.bpfProgPackFree(at, bytes);
    const freed = reference.free(at);
    if (freed.kind === "chunks") {
      text.freed(at, bytes);
      return undefined;
    }
    text.unmapped(freed.base);
    return ground.machine.mapping(freed.base) === undefined ? undefined : "an empty pack is kept";
  }

  /** Allocate it again, with its old position. @returns also MOVED */
  undoFree({ at, bytes }: Taken, position: number): string | typeof MOVED | undefined {
    const wrong = this.perform(bytes / CHUNK_BYTES);
    const again = this.live.pop()!;
    this.live.splice(position, 0, again);
    return wrong ?? (again.at === at ? undefined : MOVED);
  }

  /** Of all that both have, and of text memory. */
  difference(): string | undefined {
    const { reference, text } = this;
    const { packs, machine, warnings } = this.kernel;
    if (warnings.length > 0) return `a warning: ${warnings[0]}`;
    if (packs.packs.length !== reference.packs.length) return `${packs.packs.length} packs`;
    if (packs.packs.some(({ base }, i) => base !== reference.packs[i]!.base)) return "packs in another order";
    const different = text.difference((address, bytes) => seen(machine, address, bytes));
    if (different !== undefined) return `0x${different.address.toString(16)} holds 0x${different.got.toString(16)}`;
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }

  /** After a step and its opposite. @param usage before them */
  leftover(usage: Machine["usage"]): string | undefined {
    const now = this.ground.machine.usage;
    const isSameUsage =
      now.areas === usage.areas && now.heapObjects === usage.heapObjects && now.frames === usage.frames;
    if (!isSameUsage) return "something is left of what was taken back";
    const { warnings } = this.kernel;
    return warnings.length === 0 ? undefined : `a warning: ${warnings[0]}`;
  }

  /** Free everything. @returns what is wrong then */
  end(): string | undefined {
    const { kernel, live, ground } = this;
    for (const { at, bytes } of live) kernel.packs.bpfProgPackFree(at, bytes);
    if (kernel.warnings.length > 0) return `a warning: ${kernel.warnings[0]}`;
    const { areas, heapObjects } = ground.machine.usage;
    return areas === 0 && heapObjects === 1 ? undefined : "something is left in the end";
  }
}
