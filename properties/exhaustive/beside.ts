// A kernel and the reference allocator, each step compared, and taken back again by what there was before: in the allocator's
// own fields, in text, in the reference, and of the machine. Only a free that gives pages back is followed by its opposite,
// an allocation, which must leave nothing; a kernel that is made of other objects then is not gone on with.

import type { RwAddr } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { CHUNK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ReferenceText } from "../../spec/text/text.js";
import type { Subject, SubjectKernel } from "../../subjects/subject.js";
import type { Step, Taken } from "./alloc-free-history.js";
import { Remembered } from "./remembered.js";

export interface Ground {
  readonly subject: Subject;
  readonly packBytes: number;
  readonly machine: Machine;
  /** Images of all sizes: where they are, and what they hold. */
  readonly image: number;
  readonly contents: Uint8Array;
  /** Executable memory that the reference has not been told of. */
  readonly mapped: number[];
  /** What the last allocation has taken of the machine. */
  allocated: Allocated[];
}

type Allocated = Extract<MachineEvent, { readonly kind: "alloc" | "free" }>;

export function groundFor(subject: Subject, packBytes: number): Ground {
  const machine = new Machine();
  const image = machine.kvmalloc(2 * packBytes)!;
  machine.fill32(image, 0x1122_3344, 2 * packBytes);
  const contents = machine.peek(image, 2 * packBytes);
  return { subject, packBytes, machine, image, contents, mapped: [], allocated: [] };
}

/** The bytes of a page as they lie there: to copy them takes longer than to compare them. */
const seen = (machine: Machine, va: number, bytes: number): Uint8Array =>
  (bytes === machine.pageBytes ? machine.mapping(va)?.frame.bytes : undefined) ?? machine.peek(va, bytes);

/** The kernel is made of other objects than before a step that was taken back. */
export const OTHER = Symbol("other");

/** What there was before a step. */
interface Before {
  readonly step: Step;
  /** What is freed. */
  readonly freed: Taken | undefined;
  readonly remembered: Remembered;
  readonly usage: Machine["usage"];
  readonly packs: ReferenceAllocator["packs"];
  readonly large: ReferenceAllocator["large"];
  /** What the step has taken of the machine. */
  readonly allocated: readonly Allocated[];
}

/** A kernel and the reference, from a boot on. */
export class Beside {
  readonly kernel: SubjectKernel;
  readonly live: Taken[] = [];
  /** Steps that were not taken back. */
  readonly path: Before[] = [];
  /** Every step since the boot, those that take one back included, as a history. */
  readonly done: Step[] = [];
  /** What lives in the order in which it was allocated. */
  private readonly byAge: Taken[] = [];
  private readonly reference: ReferenceAllocator;
  private readonly text = new ReferenceText();
  /** What the allocator remembers now, once somebody has asked. */
  private remembered: Remembered | undefined;

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

  /** One that can be taken back. @returns what is wrong then */
  step(step: Step): string | undefined {
    const { path, kernel, live, ground, reference } = this;
    const remembered = this.remembered ?? new Remembered(kernel.packs);
    const freed = step > 0 ? undefined : live[-step - 1];
    const { usage } = ground.machine;
    const { packs, large } = reference;
    ground.allocated = [];
    const wrong = this.perform(step);
    path.push({ step, freed, remembered, usage, packs, large, allocated: ground.allocated });
    this.remembered = undefined;
    return wrong ?? this.difference();
  }

  /** The last of the path, which stays there if not all is well. @returns what is wrong then, or OTHER */
  takeBack(): string | typeof OTHER | undefined {
    const before = this.path.at(-1)!;
    const { freed, remembered, usage } = before;
    if (freed !== undefined && !isSameUsage(this.ground.machine.usage, usage)) {
      const wrong = this.opposite(before, freed);
      if (wrong !== undefined) return wrong;
      if (!remembered.isOfSameObjects() || !remembered.putBack()) return OTHER;
    } else {
      if (!remembered.putBack()) return OTHER;
      this.putBack(before);
    }
    this.remembered = remembered;
    this.path.pop();
    return undefined;
  }

  /** @returns what is wrong with what came of it */
  perform(step: Step): string | undefined {
    return step > 0 ? this.alloc(step) : this.free(-step - 1);
  }

  private alloc(chunks: number): string | undefined {
    const { kernel, reference, text, ground } = this;
    const bytes = chunks * CHUNK_BYTES;
    ground.machine.onEvent = this.hear;
    const at = kernel.packs.bpfProgPackAlloc(bytes)!;
    // Nobody listens to what follows, so that no events are made.
    ground.machine.onEvent = undefined;
    const expected = reference.alloc(bytes);
    kernel.aarch64InsnCopy(at, ground.image, bytes);
    this.came({ at, bytes }, this.live.length);
    if (at !== expected) return `allocated at 0x${at.toString(16)}, expected 0x${expected?.toString(16)}`;
    text.stored(at, ground.contents.subarray(0, bytes));
    return undefined;
  }

  private readonly hear = (event: MachineEvent): void => {
    const { mapped, allocated } = this.ground;
    if (event.kind === "alloc") allocated.push(event);
    else if (event.kind === "setPermission" && event.permission === "rox") mapped.push(event.va);
  };

  private free(position: number): string | undefined {
    const { kernel, reference, text, ground } = this;
    const { at, bytes } = this.went(position);
    kernel.packs.bpfProgPackFree(at, bytes);
    const freed = reference.free(at);
    if (freed.kind === "chunks") {
      text.freed(at, bytes);
      return undefined;
    }
    text.unmapped(freed.base);
    return ground.machine.mapping(freed.base) === undefined ? undefined : "an empty pack is kept";
  }

  private came(taken: Taken, position: number): void {
    this.live.splice(position, 0, taken);
    this.byAge.push(taken);
    this.done.push(taken.bytes / CHUNK_BYTES);
  }

  private went(position: number): Taken {
    const { live, byAge } = this;
    const [taken] = live.splice(position, 1);
    const age = byAge.indexOf(taken!);
    byAge.splice(age, 1);
    this.done.push(-1 - age);
    return taken!;
  }

  /** Text is as the reference has it after the step, so that it is as it was when both get back what the step has changed. */
  private putBack({ step, freed, allocated, packs, large }: Before): void {
    const { text, ground, reference, live } = this;
    const { machine, contents } = ground;
    const { at, bytes } = freed ?? this.went(live.length - 1);
    const isMapped = reference.packs.length === packs.length && reference.large.length === large.length;
    reference.packs = packs;
    reference.large = large;
    for (const { area, va } of allocated) {
      if (area === "vmalloc") machine.vfree(va);
      else machine.kvfree(va as RwAddr);
    }
    if (freed !== undefined) {
      this.came(freed, -step - 1);
      text.stored(at, contents.subarray(0, bytes));
    } else if (isMapped) text.freed(at, bytes);
    else {
      text.unmapped(at);
      return;
    }
    machine.poke(at, text.at(at, bytes));
  }

  /** Allocate what was freed, with its old position. */
  private opposite({ step, usage }: Before, freed: Taken): string | typeof OTHER | undefined {
    const { live, ground } = this;
    const wrong = this.alloc(freed.bytes / CHUNK_BYTES);
    const again = live.pop()!;
    live.splice(-step - 1, 0, again);
    if (wrong !== undefined) return wrong;
    if (again.at !== freed.at) return OTHER;
    return isSameUsage(ground.machine.usage, usage) ? this.warned() : "something is left of what was taken back";
  }

  /** Of all that both have, and of text memory. */
  difference(): string | undefined {
    const { reference, text } = this;
    const { packs, machine } = this.kernel;
    const warned = this.warned();
    if (warned !== undefined) return warned;
    if (packs.packs.length !== reference.packs.length) return `${packs.packs.length} packs`;
    const areas = reference.packs.length + reference.large.length;
    if (machine.usage.areas !== areas) return `${machine.usage.areas} areas of memory`;
    if (packs.packs.some(({ base }, i) => base !== reference.packs[i]!.base)) return "packs in another order";
    const different = text.difference((address, bytes) => seen(machine, address, bytes));
    if (different !== undefined) return `0x${different.address.toString(16)} holds 0x${different.got.toString(16)}`;
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }

  private warned(): string | undefined {
    const [first] = this.kernel.warnings;
    return first === undefined ? undefined : `a warning: ${first}`;
  }

  /** Free everything. @returns what is wrong then */
  end(): string | undefined {
    const { kernel, live, ground } = this;
    for (const { at, bytes } of live) kernel.packs.bpfProgPackFree(at, bytes);
    const { areas, heapObjects } = ground.machine.usage;
    return this.warned() ?? (areas === 0 && heapObjects === 1 ? undefined : "something is left in the end");
  }
}

const isSameUsage = (a: Machine["usage"], b: Machine["usage"]): boolean =>
  a.areas === b.areas && a.heapObjects === b.heapObjects && a.frames === b.frames;
