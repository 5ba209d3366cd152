// Simulated arm64 hardware and the kernel services that lie directly on it: the address space, module area and heap, cache
// maintenance on several CPUs, locks. Knows nothing of BPF. See address-space.ts for memory, coherence.ts for what a fetch
// may see, event.ts for what is logged.

import type { RwAddr, Va } from "./address.js";
import type { CodeLines, Staleness } from "./coherence.js";
import { areaEvent, cpuEvent, rangeEvent } from "./event.js";
import { Extents } from "./extents.js";
import { KernelFault } from "./fault.js";
import type { PhysicalMemory } from "./frames.js";
import { Heap } from "./heap.js";
import { KernelCodeSpace } from "./kernel-code.js";
import { Lock } from "./lock.js";

export type { Frame, Mapping, Permission } from "./page-table.js";

export interface MachineOptions extends PhysicalMemory {
  readonly pageBytes?: 4096 | 16384 | 65536;
  readonly cpus?: number;
  /** Where the module area begins. The default lies within branch range of where a kernel's text would. */
  readonly vmallocBase?: Va;
  readonly vmallocBytes?: number;
  /** Part of the module area that belongs to somebody else: bytes, from so many bytes behind its start on. */
  readonly vmallocGap?: { readonly after: number; readonly bytes: number } | undefined;
  readonly heapBase?: Va;
}

/** Why a fetch must not happen. */
export interface FetchProblem {
  readonly va: Va;
  readonly why: Staleness | "notMapped" | "notExecutable" | "staleTranslation";
}

/** A multiple of every page size, but of nothing larger: packs lie where pages are free. */
const VMALLOC_BASE = 0x8000_8301_0000;
const VMALLOC_BYTES = 0x0cff_0000;
/** Bytes of the kernel's half of the address space. */
export const ALL = 2 ** 48;
const HEAP_BASE = 0x0000_4000_0000;

export class Machine extends KernelCodeSpace {
  readonly cpus: number;
  readonly patchLock = new Lock(this, "patchLock", "spinIrq");
  readonly packMutex = new Lock(this, "packMutex", "mutex");
  readonly textMutex = new Lock(this, "textMutex", "mutex");

  private readonly modulesStart: Va;
  private readonly modulesEnd: Va;
  private readonly heap: Heap;
  private readonly extents: Extents;
  /** By first address: bytes without the guard page. */
  private readonly areas = new Map<Va, number>();
  /** By CPU: how many times interrupts were turned off, less how many times on. */
  private readonly irqsOff: number[];
  /** Counts invalidations. */
  private clock = 0;
  /** By CPU: the clock when it last synchronized. */
  private readonly synced: number[];

  constructor(options: MachineOptions = {}) {
    super(options.pageBytes ?? 4096, options);
    this.cpus = options.cpus ?? 2;
    this.heap = new Heap(options.heapBase ?? HEAP_BASE, this.table, this.frames);
    this.modulesStart = options.vmallocBase ?? VMALLOC_BASE;
    this.modulesEnd = this.modulesStart + (options.vmallocBytes ?? VMALLOC_BYTES);
    this.extents = new Extents(this.modulesStart, this.modulesEnd - this.modulesStart);
    if (options.vmallocGap !== undefined) this.extents.exclude(options.vmallocGap);
    this.irqsOff = new Array<number>(this.cpus).fill(0);
    this.synced = new Array<number>(this.cpus).fill(0);
  }

  /** Whole pages, read-write, poisoned, followed by a guard page. Undefined if there is no room or told to fail. */
  vmalloc(bytes: number): Va | undefined {
    this.mightSleep("vmalloc");
    if (this.refuse("vmalloc")) return undefined;
    const size = Math.ceil(bytes / this.pageBytes) * this.pageBytes;
    const va = this.extents.take(size + this.pageBytes);
    if (va === undefined) return undefined;
    this.onEvent?.(areaEvent("alloc", this.cpu, "vmalloc", va, size));
    this.map(va, size, "rw", true);
    this.areas.set(va, size);
    return va;
  }

  /** @returns false if no area begins there: the kernel warns and does nothing. */
  vfree(va: Va): boolean {
    const bytes = this.areas.get(va);
    if (bytes === undefined) return false;
    this.areas.delete(va);
    this.unmap(va, bytes);
    this.invalidateTlb(va, bytes);
    this.extents.give(va, bytes + this.pageBytes);
    this.onEvent?.(areaEvent("free", this.cpu, "vmalloc", va, bytes));
    return true;
  }

  /** Undefined if told to fail. Contents are poison. */
  kvmalloc(bytes: number): RwAddr | undefined {
    this.mightSleep("kvmalloc");
    if (this.refuse("kvmalloc")) return undefined;
    const va = this.heap.alloc(bytes) as RwAddr;
    this.onEvent?.(areaEvent("alloc", this.cpu, "kvmalloc", va, bytes));
    return va;
  }

  /** Bytes of the heap object that begins there, to be written in place; default: all. Such stores are no events. */
  heapBytes(va: RwAddr, from?: number, bytes?: number): Uint8Array {
    return this.heap.bytes(va, from, bytes);
  }

  isHeap(va: Va): boolean {
    return this.heap.holds(va);
  }

  kvfree(va: RwAddr): void {
    const bytes = this.heap.free(va);
    this.onEvent?.(areaEvent("free", this.cpu, "kvmalloc", va, bytes));
  }

  /** For the next kernel that boots here: nothing that the last one allocated or left locked is there any more. */
  scrub(): void {
    this.onEvent = undefined;
    this.forgetAlias();
    for (const [va, bytes] of [...this.areas]) {
      for (let page = va; page < va + bytes; page += this.pageBytes) {
        if (this.mapping(page) !== undefined) this.unmap(page, this.pageBytes);
      }
      this.areas.delete(va);
      this.extents.give(va, bytes + this.pageBytes);
    }
    this.heap.clear();
    this.tlb.clear();
    this.irqsOff.fill(0);
    for (const lock of [this.patchLock, this.packMutex, this.textMutex]) lock.holder = undefined;
  }

  /** Whether stores there are stores to code: the module area and the alias of text pokes. */
  isText(va: Va): boolean {
    return (
      (va >= this.modulesStart && va < this.modulesEnd) ||
      (va >= this.fixmapSlot && va < this.fixmapSlot + this.pageBytes)
    );
  }

  /** What is allocated now: a load and its free must leave all three as they were. */
  get usage(): { readonly areas: number; readonly heapObjects: number; readonly frames: number } {
    return { areas: this.areas.size, heapObjects: this.heap.count, frames: this.frames.inUse };
  }

  /** Page frames that are allocated now. */
  get framesInUse(): number {
    return this.frames.inUse;
  }

  /** A little-endian double word, whatever the permissions, without events or cache effects. */
  peek64(va: Va): bigint {
    const at = va % this.pageBytes;
    if (at + 8 <= this.pageBytes) return this.mapped(va).frame.view.getBigUint64(at, true);
    return new DataView(this.peek(va, 8).buffer).getBigUint64(0, true);
  }

  cleanDcache(va: Va, bytes: number): void {
    this.eachCodePiece(va, bytes, (lines, from, to) => lines.cleaned(from, to));
    this.onEvent?.(rangeEvent("clean", this.cpu, va, bytes));
  }

  invalidateIcache(va: Va, bytes: number): void {
    const now = ++this.clock;
    this.eachCodePiece(va, bytes, (lines, from, to) => lines.invalidated(from, to, now));
    this.onEvent?.(rangeEvent("invalidate", this.cpu, va, bytes));
  }

  /** All of it. */
  invalidateWholeIcache(): void {
    const now = ++this.clock;
    this.table.eachFrame(({ lines }) => lines?.invalidated(0, this.pageBytes, now));
    this.onEvent?.(rangeEvent("invalidate", this.cpu, 0, ALL));
  }

  /** A CPU forgets what it fetched ahead (ISB, or taking an interrupt). */
  contextSync(cpu = this.cpu): void {
    this.synced[cpu] = this.clock;
    this.onEvent?.(cpuEvent("contextSync", cpu));
  }

  /** Interrupt all other CPUs and wait for them. Must not be called with interrupts off: two CPUs would wait for ever. */
  kickAllCpus(): void {
    this.mightSleep("waiting for other CPUs");
    this.onEvent?.(cpuEvent("ipi", this.cpu));
    for (let cpu = 0; cpu < this.cpus; cpu++) if (cpu !== this.cpu) this.contextSync(cpu);
  }

  /**
   * May that CPU run [va, va + bytes)? Undefined if it will see the newest bytes of executable memory for certain; the bytes
   * themselves do not matter.
   */
  fetch(cpu: number, va: Va, bytes: number): FetchProblem | undefined {
    const translation = this.tlb.find(va, bytes);
    if (translation !== undefined) return { va: Math.max(va, translation.va), why: "staleTranslation" };
    for (let at = va; at < va + bytes; at += this.pageBytes - (at % this.pageBytes)) {
      const mapping = this.mapping(at);
      if (mapping === undefined) return { va: at, why: "notMapped" };
      if (mapping.permission !== "rox") return { va: at, why: "notExecutable" };
      const from = at % this.pageBytes;
      const to = Math.min(this.pageBytes, from + va + bytes - at);
      const stale = mapping.frame.lines?.stale(from, to, this.synced[cpu]!);
      if (stale !== undefined) return { va: at - from + stale.at, why: stale.why };
    }
    return undefined;
  }

  /** Do something as another CPU would, then come back. */
  runOn<T>(cpu: number, action: () => T): T {
    const before = this.cpu;
    this.cpu = cpu;
    try {
      return action();
    } finally {
      this.cpu = before;
    }
  }

  /** Every CPU leaves what it does, one after the other, and runs its callback turn by turn with those that came before. */
  stopMachine(callback: (cpu: number) => Iterator<void, void>): void {
    this.mightSleep("stopping all CPUs");
    const running: { readonly cpu: number; readonly steps: Iterator<void, void> }[] = [];
    for (let arriving = 0; arriving < this.cpus || running.length > 0; arriving++) {
      if (arriving < this.cpus) {
        this.onEvent?.(cpuEvent("stopped", arriving));
        running.push({ cpu: arriving, steps: callback(arriving) });
      }
      for (const one of [...running]) {
        if (this.runOn(one.cpu, () => one.steps.next()).done !== true) continue;
        running.splice(running.indexOf(one), 1);
        this.onEvent?.(cpuEvent("resumed", one.cpu));
      }
    }
  }

  disableIrqs(): void {
    this.irqsOff[this.cpu]!++;
  }

  enableIrqs(): void {
    this.irqsOff[this.cpu]!--;
  }

  /** Assert that this CPU may wait here. */
  mightSleep(what: string): void {
    if (this.irqsOff[this.cpu]! > 0) throw new KernelFault("badLock", 0, `${what} may sleep, but interrupts are off`);
  }

  private eachCodePiece(va: Va, bytes: number, visit: (lines: CodeLines, from: number, to: number) => void): void {
    for (let at = va; at < va + bytes; at += this.pageBytes - (at % this.pageBytes)) {
      const lines = this.mapping(at)?.frame.lines;
      const from = at % this.pageBytes;
      if (lines !== undefined) visit(lines, from, Math.min(this.pageBytes, from + va + bytes - at));
    }
  }
}
