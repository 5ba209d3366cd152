// Allocations and frees in one kernel whose packs are as large as they are: one allocation takes all of the first pack but
// its end, so that short histories reach all corners of what is left. Each history begins and ends with that one alone.
// Packs that a history needs beside it come and go.

import { Buffer } from "node:buffer";
import type { RoAddr, Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { CHUNK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ILLEGAL } from "../../spec/text/text.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { machineFor, type Subject, type SubjectKernel } from "../../subjects/subject.js";
import {
  type AllocFreeHistory,
  allocatorState,
  type HistoryChecker,
  type Step,
  type Taken,
  type TriedHistory,
} from "./alloc-free-history.js";

/** Of a pack of its own that a history needs, so much is looked at. */
const LOOKED_AT_BYTES = 4096;

export class CrowdedPack implements HistoryChecker {
  private readonly machine: Machine;
  private readonly kernel: SubjectKernel;
  private readonly reference: ReferenceAllocator;
  private readonly mapped: Va[] = [];
  /** What the text of all images is. */
  private readonly image: Va;
  private readonly contents: Buffer;
  private readonly live: Taken[] = [];

  /** @param roomBytes what is left of the pack */
  constructor(
    subject: Subject,
    private readonly roomBytes: number,
  ) {
    const machine = machineFor(subject);
    this.machine = machine;
    const { images, packBytes } = subject.fixed ?? { images: "packs", packBytes: 0 };
    if (images !== "packs") throw new NotModelled("packs: each program has its own pages");
    this.kernel = subject.boot({ machine, random: () => 0 });
    machine.onEvent = (event) => {
      if (event.kind === "setPermission" && event.permission === "rox") this.mapped.push(event.va);
    };
    this.reference = new ReferenceAllocator(() => this.mapped.shift(), packBytes);
    this.image = machine.kvmalloc(roomBytes)!;
    machine.fill32(this.image, 0x1122_3344, roomBytes);
    this.contents = Buffer.from(machine.peek(this.image, roomBytes));
    this.take(packBytes - roomBytes);
  }

  /** As far as it goes without something wrong; then everything is given back. */
  try(start: AllocFreeHistory, last: Step, mostPacks: number): TriedHistory {
    const { kernel, live } = this;
    const printed = kernel.warnings.length;
    let wrong: string | undefined;
    for (const step of [...start, last]) wrong ??= step > 0 ? this.alloc(step * CHUNK_BYTES) : this.free(-step - 1);
    wrong ??= this.compare();
    const { packs } = kernel;
    const state = packs.packs.length <= mostPacks && wrong === undefined ? allocatorState(packs, live) : undefined;
    while (live.length > 0 && wrong === undefined) wrong = this.free(0);
    if (kernel.warnings.length > printed) wrong ??= `a warning: ${kernel.warnings[printed]}`;
    return { wrong: wrong ?? this.left(), state };
  }

  /** Each history has ended by itself. */
  end(): undefined {
    return undefined;
  }

  /** @returns why what was made of a new pack is not as the reference says */
  private take(bytes: number): RoAddr | string {
    const at = this.kernel.packs.bpfProgPackAlloc(bytes);
    const expected = this.reference.alloc(bytes);
    const said = (va: Va | undefined): string => (va === undefined ? "nowhere" : `at 0x${va.toString(16)}`);
    return at !== undefined && at === expected ? at : `allocated ${said(at)}, expected ${said(expected)}`;
  }

  private alloc(bytes: number): string | undefined {
    const at = this.take(bytes);
    if (typeof at === "string") return at;
    this.live.push({ at, bytes });
    return this.kernel.aarch64InsnCopy(at, this.image, bytes) === undefined ? "a copy is refused" : undefined;
  }

  private free(position: number): string | undefined {
    const [taken] = this.live.splice(position, 1);
    if (taken === undefined) return undefined;
    this.kernel.packs.bpfProgPackFree(taken.at, taken.bytes);
    const freed = this.reference.free(taken.at);
    if (freed.kind === "chunks" || this.machine.mapping(freed.base) === undefined) return undefined;
    return "an empty pack is kept";
  }

  private compare(): string | undefined {
    const { kernel, machine, reference } = this;
    const { packs } = kernel.packs;
    if (packs.length !== reference.packs.length) return `${packs.length} packs`;
    if (packs.some(({ base }, i) => base !== reference.packs[i]!.base)) return "packs in another order";
    const wrong = reference.packs.map(({ base }, i) => this.different(i === 0 ? this.roomOf(base) : base, i));
    return wrong.find((one) => one !== undefined) ?? (machine.staleTranslations.length === 0 ? undefined : STALE);
  }

  private roomOf(base: Va): Va {
    return base + this.reference.packBytes - this.roomBytes;
  }

  /** What lives, and the illegal instruction everywhere else. @param nth 0: the pack with little room */
  private different(from: Va, nth: number): string | undefined {
    const bytes = nth === 0 ? this.roomBytes : LOOKED_AT_BYTES;
    const expected = Buffer.from(new Uint32Array(bytes / 4).fill(ILLEGAL).buffer);
    for (const { at, bytes: taken } of this.live) {
      if (at >= from && at < from + bytes) this.contents.copy(expected, at - from, 0, taken);
    }
    const got = Buffer.from(this.machine.peek(from, bytes));
    const at = got.findIndex((byte, i) => byte !== expected[i]);
    return at < 0 ? undefined : `0x${(from + at).toString(16)} holds 0x${got[at]!.toString(16)}`;
  }

  /** At the end of a history. */
  private left(): string | undefined {
    const { machine, kernel } = this;
    const isAlone = machine.usage.areas === 1 && kernel.packs.packs.length === 1;
    return isAlone ? undefined : "something is left in the end";
  }
}

const STALE = "a stale translation";
