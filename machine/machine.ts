// Simulated arm64 hardware and the kernel services that lie directly on it: mapped pages with permissions, module area,
// heap, the fixmap alias, cache maintenance, locks. Knows nothing of BPF. Kernel code goes through `read`, `write`, `copy`
// and `fill32`, which obey the page table; `peek` and `poke` obey nothing and are for oracles and test set-up.

import { type FixmapAddr, isVa, type RwAddr, type Va } from "./address.js";
import type { EventListener, FailingStep } from "./event.js";
import { Extents } from "./extents.js";
import { Failures } from "./failures.js";
import { KernelFault } from "./fault.js";
import { Frames } from "./frames.js";
import { Heap, POISON } from "./heap.js";
import { Lock } from "./lock.js";
import { type Frame, type Mapping, PageTable, type Permission } from "./page-table.js";

export type { Frame, Mapping, Permission } from "./page-table.js";

export interface MachineOptions {
  readonly pageBytes?: 4096 | 16384 | 65536;
  readonly cpus?: number;
  /** Where the module area begins. The default lies within branch range of where a kernel's text would. */
  readonly vmallocBase?: Va;
  readonly heapBase?: Va;
}

const VMALLOC_BASE = 0x8000_8300_0000;
const VMALLOC_BYTES = 2 ** 40;
const HEAP_BASE = 0x0000_4000_0000;
const FIXMAP_TEXT_POKE = 0xffff_fdbf_0000 as FixmapAddr;

export class Machine {
  readonly pageBytes: number;
  readonly cpus: number;
  /** The CPU that runs kernel code now. */
  cpu = 0;
  /** Hears every event. Leave it undefined for speed. */
  onEvent: EventListener | undefined = undefined;
  readonly failures = new Failures();
  readonly patchLock = new Lock(this, "patchLock", "spinIrq");
  readonly packMutex = new Lock(this, "packMutex", "mutex");
  readonly textMutex = new Lock(this, "textMutex", "mutex");

  private readonly table: PageTable;
  private readonly frames: Frames;
  private readonly heap: Heap;
  private readonly extents: Extents;
  /** By first address: bytes without the guard page. */
  private readonly areas = new Map<Va, number>();
  private fixmap: Frame | undefined;
  private irqsOff = 0;

  constructor(options: MachineOptions = {}) {
    this.pageBytes = options.pageBytes ?? 4096;
    this.cpus = options.cpus ?? 2;
    this.table = new PageTable(this.pageBytes);
    this.frames = new Frames(this.pageBytes);
    this.heap = new Heap(options.heapBase ?? HEAP_BASE, this.table, this.frames);
    this.extents = new Extents(options.vmallocBase ?? VMALLOC_BASE, VMALLOC_BYTES);
  }

  /** The mapping of the page that holds `va`, as the page table says; undefined if unmapped. */
  mapping(va: Va): Mapping | undefined {
    return this.table.get(va);
  }

  /** Rises with every change of any mapping. */
  get mapGeneration(): number {
    return this.table.generation;
  }

  // Page table.

  /** Map fresh poisoned frames at a place of the caller's choice (test set-up, stacks, maps, packets). */
  map(va: Va, bytes: number, permission: Permission): void {
    this.eachPage(va, bytes, (page) => {
      if (this.table.get(page) !== undefined) throw new KernelFault("badMapping", page, "is already mapped");
      const frame = this.frames.take();
      frame.bytes.fill(POISON);
      this.table.set(page, { frame, permission });
    });
    this.onEvent?.({ kind: "map", cpu: this.cpu, va, bytes, permission });
  }

  unmap(va: Va, bytes: number): void {
    this.eachPage(va, bytes, (page) => {
      const mapping = this.mapped(page);
      this.table.set(page, undefined);
      this.frames.give(mapping.frame);
    });
    this.onEvent?.({ kind: "unmap", cpu: this.cpu, va, bytes });
  }

  /** @returns false if told to fail; then nothing has changed. */
  setPermission(va: Va, bytes: number, permission: Permission): boolean {
    if (this.refuse("setPermission")) return false;
    this.eachPage(va, bytes, (page) => {
      const { frame } = this.mapped(page);
      if (permission === "rox" && frame === this.fixmap) {
        throw new KernelFault("badMapping", page, "executable while a fixmap slot maps it writable");
      }
      this.table.set(page, { frame, permission });
    });
    this.onEvent?.({ kind: "setPermission", cpu: this.cpu, va, bytes, permission });
    return true;
  }

  /** The writable alias of a frame, whatever its other mappings allow. One at a time. */
  mapFixmap(frame: Frame): FixmapAddr {
    if (this.fixmap !== undefined) throw new KernelFault("badMapping", FIXMAP_TEXT_POKE, "the slot is in use");
    this.fixmap = frame;
    this.table.set(FIXMAP_TEXT_POKE, { frame, permission: "rw" });
    const { pageBytes: bytes, cpu } = this;
    this.onEvent?.({ kind: "map", cpu, va: FIXMAP_TEXT_POKE, bytes, permission: "rw" });
    return FIXMAP_TEXT_POKE;
  }

  unmapFixmap(): void {
    if (this.fixmap === undefined) throw new KernelFault("badMapping", FIXMAP_TEXT_POKE, "the slot is not in use");
    this.fixmap = undefined;
    this.table.set(FIXMAP_TEXT_POKE, undefined);
    this.onEvent?.({ kind: "unmap", cpu: this.cpu, va: FIXMAP_TEXT_POKE, bytes: this.pageBytes });
  }

  // Allocation.

  /** Whole pages, read-write, poisoned, followed by a guard page. Undefined if there is no room or told to fail. */
  vmalloc(bytes: number): Va | undefined {
    this.mightSleep("vmalloc");
    if (this.refuse("vmalloc")) return undefined;
    const size = Math.ceil(bytes / this.pageBytes) * this.pageBytes;
    const va = this.extents.take(size + this.pageBytes);
    if (va === undefined) return undefined;
    this.onEvent?.({ kind: "alloc", cpu: this.cpu, area: "vmalloc", va, bytes: size });
    this.map(va, size, "rw");
    this.areas.set(va, size);
    return va;
  }

  /** @returns false if no area begins there: the kernel warns and does nothing. */
  vfree(va: Va): boolean {
    const bytes = this.areas.get(va);
    if (bytes === undefined) return false;
    this.areas.delete(va);
    this.unmap(va, bytes);
    this.extents.give(va, bytes + this.pageBytes);
    this.onEvent?.({ kind: "free", cpu: this.cpu, area: "vmalloc", va, bytes });
    return true;
  }

  /** Undefined if told to fail. Contents are poison. */
  kvmalloc(bytes: number): RwAddr | undefined {
    this.mightSleep("kvmalloc");
    if (this.refuse("kvmalloc")) return undefined;
    const va = this.heap.alloc(bytes) as RwAddr;
    this.onEvent?.({ kind: "alloc", cpu: this.cpu, area: "kvmalloc", va, bytes });
    return va;
  }

  kvfree(va: RwAddr): void {
    const bytes = this.heap.free(va);
    this.onEvent?.({ kind: "free", cpu: this.cpu, area: "kvmalloc", va, bytes });
  }

  /** What is allocated now: a load and its free must leave all three as they were. */
  get usage(): { readonly areas: number; readonly heapObjects: number; readonly frames: number } {
    return { areas: this.areas.size, heapObjects: this.heap.count, frames: this.frames.inUse };
  }

  // Kernel-side data access.

  read(va: Va, bytes: number): Uint8Array {
    return this.gather(va, bytes, (page) => this.readable(page));
  }

  read32(va: Va): number {
    return this.readable(va).view.getUint32(va % this.pageBytes, true);
  }

  write(va: Va, source: Uint8Array): void {
    this.scatter(va, source, (page) => this.writable(page));
    this.onEvent?.({ kind: "write", cpu: this.cpu, va, bytes: source.length });
  }

  /** @returns false if told to fail, like `copy`. */
  store32(va: Va, word: number): boolean {
    if (this.refuse("copy")) return false;
    this.write32(va, word);
    return true;
  }

  write32(va: Va, word: number): void {
    this.writable(va).view.setUint32(va % this.pageBytes, word, true);
    this.onEvent?.({ kind: "write", cpu: this.cpu, va, bytes: 4 });
  }

  /** @returns false if told to fail; then nothing was copied. */
  copy(to: Va, from: Va, bytes: number): boolean {
    if (this.refuse("copy")) return false;
    const { pageBytes } = this;
    for (let done = 0; done < bytes; ) {
      const source = (from + done) % pageBytes;
      const target = (to + done) % pageBytes;
      const piece = Math.min(bytes - done, pageBytes - source, pageBytes - target);
      const { bytes: input } = this.readable(from + done);
      this.writable(to + done).bytes.set(input.subarray(source, source + piece), target);
      done += piece;
    }
    this.onEvent?.({ kind: "write", cpu: this.cpu, va: to, bytes });
    return true;
  }

  /** Store whole words only: up to three trailing bytes stay as they are. `va` is 4-aligned. */
  fill32(va: Va, word: number, bytes: number): void {
    const size = bytes - (bytes % 4);
    for (let done = 0; done < size; ) {
      const at = (va + done) % this.pageBytes;
      const piece = Math.min(size - done, this.pageBytes - at);
      this.writable(va + done).words.fill(word, at / 4, (at + piece) / 4);
      done += piece;
    }
    this.onEvent?.({ kind: "write", cpu: this.cpu, va, bytes: size });
  }

  // Inspection and test set-up: no permissions, no events, no cache effects.

  peek(va: Va, bytes: number): Uint8Array {
    return this.gather(va, bytes, (page) => this.mapped(page).frame);
  }

  peek32(va: Va): number {
    return this.mapped(va).frame.view.getUint32(va % this.pageBytes, true);
  }

  poke(va: Va, source: Uint8Array): void {
    this.scatter(va, source, (page) => this.mapped(page).frame);
  }

  // Cache maintenance and interrupts.

  cleanDcache(va: Va, bytes: number): void {
    this.onEvent?.({ kind: "clean", cpu: this.cpu, va, bytes });
  }

  invalidateIcache(va: Va, bytes: number): void {
    this.onEvent?.({ kind: "invalidate", cpu: this.cpu, va, bytes });
  }

  /** This CPU forgets what it fetched ahead (ISB, or taking an interrupt). */
  contextSync(cpu = this.cpu): void {
    this.onEvent?.({ kind: "contextSync", cpu });
  }

  /** Interrupt all other CPUs and wait for them. Must not be called with interrupts off: two CPUs would wait for ever. */
  kickAllCpus(): void {
    if (this.irqsOff > 0) throw new KernelFault("badLock", 0, "waits for other CPUs with interrupts off");
    this.onEvent?.({ kind: "ipi", cpu: this.cpu });
    for (let cpu = 0; cpu < this.cpus; cpu++) if (cpu !== this.cpu) this.contextSync(cpu);
  }

  disableIrqs(): void {
    this.irqsOff++;
  }

  enableIrqs(): void {
    this.irqsOff--;
  }

  mightSleep(what: string): void {
    if (this.irqsOff > 0) throw new KernelFault("badLock", 0, `${what} may sleep, but interrupts are off`);
  }

  private refuse(step: FailingStep): boolean {
    if (!this.failures.strikes(step)) return false;
    this.onEvent?.({ kind: "refused", cpu: this.cpu, step });
    return true;
  }

  private eachPage(va: Va, bytes: number, visit: (page: Va) => void): void {
    if (!isVa(va) || va % this.pageBytes !== 0) throw new KernelFault("badMapping", va, "is not the start of a page");
    for (let page = va; page < va + bytes; page += this.pageBytes) visit(page);
  }

  private mapped(va: Va): Mapping {
    const mapping = this.table.get(va);
    if (mapping === undefined) throw new KernelFault("badMapping", va, "is not mapped");
    return mapping;
  }

  private readable(va: Va): Frame {
    const mapping = this.table.get(va);
    if (mapping === undefined) throw new KernelFault("badRead", va, "is not mapped");
    return mapping.frame;
  }

  private writable(va: Va): Frame {
    const mapping = this.table.get(va);
    if (mapping?.permission !== "rw")
      throw new KernelFault("badWrite", va, `is ${mapping?.permission ?? "not mapped"}`);
    return mapping.frame;
  }

  private gather(va: Va, bytes: number, frameOf: (page: Va) => Frame): Uint8Array {
    const result = new Uint8Array(bytes);
    for (let done = 0; done < bytes; ) {
      const at = (va + done) % this.pageBytes;
      const piece = Math.min(bytes - done, this.pageBytes - at);
      result.set(frameOf(va + done).bytes.subarray(at, at + piece), done);
      done += piece;
    }
    return result;
  }

  private scatter(va: Va, source: Uint8Array, frameOf: (page: Va) => Frame): void {
    for (let done = 0; done < source.length; ) {
      const at = (va + done) % this.pageBytes;
      const piece = Math.min(source.length - done, this.pageBytes - at);
      frameOf(va + done).bytes.set(source.subarray(done, done + piece), at);
      done += piece;
    }
  }
}
