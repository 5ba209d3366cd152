// What a workload asks of the machine, counted by kind from its events: exact, and the same for every subject. A clock that
// runs on unit costs beside them says how long each lock was held.

import type { Va } from "../../machine/address.js";
import { LINE_BYTES } from "../../machine/coherence.js";
import type { LockName, MachineEvent } from "../../machine/event.js";
import { isAlias } from "../../subjects/step.js";

/** Everything that is counted, in the order of the tables. */
export const COUNTED = {
  loads: "programs loaded",
  instructions: "BPF instructions",
  linesCleaned: "cache lines cleaned",
  linesInvalidated: "cache lines invalidated",
  barriers: "barriers",
  ipis: "interrupts of all other CPUs",
  fixmapMaps: "fixmap slots mapped",
  fixmapUnmaps: "fixmap slots unmapped",
  tlbInvalidations: "TLB invalidations",
  permissionChanges: "permission changes",
  areas: "module areas mapped",
  areaPages: "pages of module areas",
  packs: "packs made",
  bytesCopied: "bytes copied into text",
  bytesFilled: "bytes of text filled or stored",
  heapObjects: "heap objects",
  heapBytes: "bytes of heap objects",
  patchLock: "patch_lock taken",
  packMutex: "pack_mutex taken",
  textMutex: "text_mutex taken",
} as const;
export type Counted = keyof typeof COUNTED;
export type Counts = Record<Counted, number>;

/** Kinds whose peak is of interest beside their sum: what is there at one time. */
export interface Peaks {
  areaPages: number;
  heapBytes: number;
}
/** Of each lock, the longest that it was held, in nanoseconds of the clock. */
export type LongestHeld = Record<LockName, number>;

export const noCounts = (): Counts => Object.fromEntries(Object.keys(COUNTED).map((key) => [key, 0])) as Counts;

/** Nanoseconds of one of a kind; what is left out takes no time of its own. */
export type Nanoseconds = Partial<Record<Counted, number>>;

/** Cache lines that [va, va + bytes) touches. */
const linesOf = (va: number, bytes: number): number =>
  Math.floor((va + bytes - 1) / LINE_BYTES) - Math.floor(va / LINE_BYTES) + 1;

export class Counter {
  readonly counts = noCounts();
  readonly peaks: Peaks = { areaPages: 0, heapBytes: 0 };
  readonly longest: LongestHeld = { patchLock: 0, packMutex: 0, textMutex: 0 };
  /** How many of the same what happens now stands for. */
  weight = 1;

  private now = 0;
  private readonly taken: Record<LockName, number> = { patchLock: 0, packMutex: 0, textMutex: 0 };
  private live: Peaks = { areaPages: 0, heapBytes: 0 };
  /** The maintenance instructions that await their barrier. */
  private pending: "clean" | "invalidate" | undefined;

  constructor(
    private readonly nanoseconds: Nanoseconds,
    private readonly pageBytes: number,
    private readonly packBytes: number,
    /** Stores to text are counted, directly or through an alias: copies of a heap object, and what else is stored. */
    private readonly memory: { isText(va: Va): boolean; isHeap(va: Va): boolean },
  ) {}

  add(kind: Counted, n = 1): void {
    this.counts[kind] += n * this.weight;
    this.now += n * (this.nanoseconds[kind] ?? 0);
  }

  readonly listener = (event: MachineEvent): void => {
    if (event.kind !== this.pending) this.barrier();
    switch (event.kind) {
      case "clean":
        this.add("linesCleaned", linesOf(event.va, event.bytes));
        this.pending = "clean";
        break;
      case "invalidate":
        this.add("linesInvalidated", linesOf(event.va, event.bytes));
        this.pending = "invalidate";
        break;
      case "ipi":
        this.add("ipis");
        break;
      case "map":
        if (isAlias(event.va)) this.add("fixmapMaps");
        break;
      case "unmap":
        if (isAlias(event.va)) this.add("fixmapUnmaps");
        break;
      case "invalidateTlb":
        this.add("tlbInvalidations");
        break;
      case "setPermission":
        this.add("permissionChanges");
        break;
      case "write":
        if (this.memory.isText(event.va))
          this.add(this.isCopy(event.from) ? "bytesCopied" : "bytesFilled", event.bytes);
        break;
      case "alloc":
        this.allocated(event.area, event.bytes);
        break;
      case "free":
        if (event.area === "vmalloc") this.live.areaPages -= event.bytes / this.pageBytes;
        else this.live.heapBytes -= event.bytes;
        break;
      case "lock":
        this.add(event.lock);
        this.taken[event.lock] = this.now;
        break;
      case "unlock":
        this.longest[event.lock] = Math.max(this.longest[event.lock], this.now - this.taken[event.lock]);
        break;
      default:
    }
  };

  /** A single instruction is stored from a variable, in some kernels with the routine that copies images. */
  private isCopy(from: Va | undefined): boolean {
    return from !== undefined && this.memory.isHeap(from);
  }

  /** After a run of cache maintenance comes one barrier, however many instructions it took. */
  private barrier(): void {
    if (this.pending === undefined) return;
    this.pending = undefined;
    this.add("barriers");
  }

  private allocated(area: "vmalloc" | "kvmalloc", bytes: number): void {
    const { live, peaks } = this;
    if (area === "vmalloc") {
      const pages = bytes / this.pageBytes;
      this.add("areas");
      this.add("areaPages", pages);
      if (bytes === this.packBytes) this.add("packs");
      live.areaPages += pages;
    } else {
      this.add("heapObjects");
      this.add("heapBytes", bytes);
      live.heapBytes += bytes;
    }
    peaks.areaPages = Math.max(peaks.areaPages, live.areaPages);
    peaks.heapBytes = Math.max(peaks.heapBytes, live.heapBytes);
  }
}
