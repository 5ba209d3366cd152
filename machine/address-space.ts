// Memory as kernel code sees it: pages, their permissions, the fixmap alias, and access through them. `read`, `write`,
// `copy` and `fill32` obey the page table and are what kernel code uses; `peek` and `poke` obey nothing and are for oracles
// and test set-up. A frame that code may come to lie in carries `CodeLines`, which every store marks.

import { copyOf } from "../spec/slab.js";
import { type FixmapAddr, isVa, type Va } from "./address.js";
import { CodeLines } from "./coherence.js";
import { type EventListener, type FailingStep, mappingEvent, rangeEvent, refusedEvent } from "./event.js";
import { Failures } from "./failures.js";
import { KernelFault } from "./fault.js";
import { Frames, type PhysicalMemory } from "./frames.js";
import { type Frame, type Mapping, PageTable, type Permission } from "./page-table.js";
import { type StaleRange, Tlb } from "./tlb.js";

/** What fresh memory holds, so that code which relies on zeroes is seen to. */
export const POISON = 0xa5;
/** Where the slot of our own kernel is. */
const FIXMAP_TEXT_POKE = 0xffff_fdbf_0000 as FixmapAddr;

export class AddressSpace {
  /** The CPU that runs kernel code now. */
  cpu = 0;
  /** Hears every event. Leave it undefined for speed. */
  onEvent: EventListener | undefined = undefined;
  readonly failures = new Failures();
  /** The fixmap slot of text pokes: a kernel image has its own. */
  fixmapSlot: FixmapAddr = FIXMAP_TEXT_POKE;
  protected readonly table: PageTable;
  protected readonly frames: Frames;
  protected readonly tlb = new Tlb();
  protected fixmap: Frame | undefined;
  /**
   * Rises when bytes change that were executable and whose fetches are not followed: who keeps decoded code looks again.
   * Whoever writes such bytes in place of this class must raise it.
   */
  textGeneration = 0;

  constructor(
    readonly pageBytes: number,
    memory: PhysicalMemory,
  ) {
    this.table = new PageTable(pageBytes);
    this.frames = new Frames(pageBytes, memory);
  }

  /** The mapping of the page that holds `va`, as the page table says; undefined if unmapped. */
  mapping(va: Va): Mapping | undefined {
    return this.table.get(va);
  }

  /** Rises with every change of any mapping. */
  get mapGeneration(): number {
    return this.table.generation;
  }

  /** See `PageTable.eachChange`. */
  eachMapChange(since: number, visit: (va: Va, bytes: number) => void): boolean {
    return this.table.eachChange(since, visit);
  }

  /**
   * Map fresh poisoned frames at a place of the caller's choice: stacks, maps, packets, code made by hand. Fetches from
   * there are taken to be coherent unless `tracked`.
   */
  map(va: Va, bytes: number, permission: Permission, tracked = false): void {
    this.eachPage(va, bytes, (page) => {
      if (this.table.get(page) !== undefined) throw new KernelFault("badMapping", page, "is already mapped");
      const frame = this.frames.take(page);
      frame.bytes.fill(POISON);
      if (!tracked) frame.lines = undefined;
      else if (frame.lines === undefined) frame.lines = new CodeLines(this.pageBytes);
      else frame.lines.reset();
      this.table.set(page, { frame, permission });
    });
    this.onEvent?.(mappingEvent("map", this.cpu, va, bytes, permission));
  }

  /** Translations stay cached until `invalidateTlb`. */
  unmap(va: Va, bytes: number): void {
    const { permission } = this.mapped(va);
    this.eachPage(va, bytes, (page) => {
      const { frame } = this.mapped(page);
      this.table.set(page, undefined);
      this.frames.give(frame);
    });
    this.tlb.changed(va, bytes, permission);
    this.onEvent?.(rangeEvent("unmap", this.cpu, va, bytes));
  }

  /**
   * Translations stay cached until `invalidateTlb`.
   *
   * @returns false if told to fail; then nothing has changed.
   */
  setPermission(va: Va, bytes: number, permission: Permission): boolean {
    if (this.refuse("setPermission")) return false;
    const { permission: before } = this.mapped(va);
    this.eachPage(va, bytes, (page) => {
      const { frame } = this.mapped(page);
      if (permission === "rox" && frame === this.fixmap) {
        throw new KernelFault("badMapping", page, "executable while a fixmap slot maps it writable");
      }
      this.table.set(page, { frame, permission });
    });
    if (before !== permission) this.tlb.changed(va, bytes, before);
    this.onEvent?.(mappingEvent("setPermission", this.cpu, va, bytes, permission));
    return true;
  }

  /** The writable alias of a frame, whatever its other mappings allow. One at a time. */
  mapFixmap(frame: Frame): FixmapAddr {
    if (this.fixmap !== undefined) throw new KernelFault("badMapping", this.fixmapSlot, "the slot is in use");
    this.fixmap = frame;
    this.table.set(this.fixmapSlot, { frame, permission: "rw" });
    const { pageBytes: bytes, cpu } = this;
    this.onEvent?.(mappingEvent("map", cpu, this.fixmapSlot, bytes, "rw"));
    return this.fixmapSlot;
  }

  /** The slot is empty, and no CPU remembers what it showed. */
  unmapFixmap(): void {
    if (this.fixmap === undefined) throw new KernelFault("badMapping", this.fixmapSlot, "the slot is not in use");
    this.fixmap = undefined;
    this.table.set(this.fixmapSlot, undefined);
    this.tlb.changed(this.fixmapSlot, this.pageBytes, "rw");
    this.onEvent?.(rangeEvent("unmap", this.cpu, this.fixmapSlot, this.pageBytes));
    this.invalidateTlb(this.fixmapSlot, this.pageBytes);
  }

  /** Make every CPU look the range up anew. */
  invalidateTlb(va: Va, bytes: number): void {
    this.tlb.invalidate(va, bytes);
    this.onEvent?.(rangeEvent("invalidateTlb", this.cpu, va, bytes));
  }

  /** Mappings that are gone but may still be used. Empty between any two kernel operations. */
  get staleTranslations(): readonly StaleRange[] {
    return this.tlb.stale;
  }

  read(va: Va, bytes: number): Uint8Array {
    return this.gather(va, bytes, this.readable);
  }

  read32(va: Va): number {
    return this.readable(va).view.getUint32(va % this.pageBytes, true);
  }

  write(va: Va, source: Uint8Array): void {
    this.scatter(va, source, this.writable);
    this.onEvent?.(rangeEvent("write", this.cpu, va, source.length));
  }

  write32(va: Va, word: number): void {
    const frame = this.writable(va);
    const at = va % this.pageBytes;
    frame.view.setUint32(at, word, true);
    this.changed(frame, at, at + 4);
    this.onEvent?.(rangeEvent("write", this.cpu, va, 4));
  }

  /** `write32`, but @returns false if told to fail, like `copy`. */
  store32(va: Va, word: number): boolean {
    if (this.refuse("copy")) return false;
    this.write32(va, word);
    return true;
  }

  /**
   * One store of 8 bytes at a multiple of 8 that code loads and no CPU executes: fetches of the line stay coherent.
   *
   * @returns false if told to fail, like `copy`.
   */
  store64(va: Va, high: number, low: number): boolean {
    if (va % 8 !== 0) throw new KernelFault("badWrite", va, "is not a multiple of 8");
    if (this.refuse("copy")) return false;
    const { view } = this.writable(va);
    view.setUint32(va % this.pageBytes, low, true);
    view.setUint32((va % this.pageBytes) + 4, high, true);
    this.onEvent?.(rangeEvent("write", this.cpu, va, 8));
    return true;
  }

  /** @returns false if told to fail; then nothing was copied. */
  copy(to: Va, from: Va, bytes: number): boolean {
    if (this.refuse("copy")) return false;
    const { pageBytes } = this;
    for (let done = 0; done < bytes; ) {
      const source = (from + done) % pageBytes;
      const target = (to + done) % pageBytes;
      const piece = Math.min(bytes - done, pageBytes - source, pageBytes - target);
      const input = this.readable(from + done);
      const output = this.writable(to + done);
      output.bytes.set(input.bytes.subarray(source, source + piece), target);
      this.changed(output, target, target + piece);
      done += piece;
    }
    this.onEvent?.(rangeEvent("write", this.cpu, to, bytes, from));
    return true;
  }

  /** Store whole words only: up to three trailing bytes stay as they are. `va` is 4-aligned. */
  fill32(va: Va, word: number, bytes: number): void {
    const size = bytes - (bytes % 4);
    for (let done = 0; done < size; ) {
      const at = (va + done) % this.pageBytes;
      const piece = Math.min(size - done, this.pageBytes - at);
      const frame = this.writable(va + done);
      frame.words.fill(word, at / 4, (at + piece) / 4);
      this.changed(frame, at, at + piece);
      done += piece;
    }
    this.onEvent?.(rangeEvent("write", this.cpu, va, size));
  }

  /** Bytes whatever the permissions, without events or cache effects. */
  peek(va: Va, bytes: number): Uint8Array {
    return this.gather(va, bytes, this.anyFrame);
  }

  /** The same, into an array of the caller's. */
  peekInto(va: Va, target: Uint8Array): void {
    this.gatherInto(va, target, this.anyFrame);
  }

  peek32(va: Va): number {
    return this.anyFrame(va).view.getUint32(va % this.pageBytes, true);
  }

  /** Store whatever the permissions, without events; counts as seen by every fetch. */
  poke(va: Va, source: Uint8Array): void {
    this.scatter(va, source, this.anyFrame, false);
  }

  /** Count a step that may be told to fail. @returns true if it must. */
  refuse(step: FailingStep): boolean {
    if (!this.failures.strikes(step)) return false;
    this.onEvent?.(refusedEvent(this.cpu, step));
    return true;
  }

  protected eachPage(va: Va, bytes: number, visit: (page: Va) => void): void {
    if (!isVa(va) || va % this.pageBytes !== 0) throw new KernelFault("badMapping", va, "is not the start of a page");
    for (let page = va; page < va + bytes; page += this.pageBytes) visit(page);
  }

  protected mapped(va: Va): Mapping {
    const mapping = this.table.get(va);
    if (mapping === undefined) throw new KernelFault("badMapping", va, "is not mapped");
    return mapping;
  }

  private readonly anyFrame = (va: Va): Frame => this.mapped(va).frame;

  private readonly readable = (va: Va): Frame => {
    const mapping = this.table.get(va);
    if (mapping === undefined) throw new KernelFault("badRead", va, "is not mapped");
    return mapping.frame;
  };

  private readonly writable = (va: Va): Frame => {
    const mapping = this.table.get(va);
    if (mapping?.permission === "rw") return mapping.frame;
    throw new KernelFault("badWrite", va, `is ${mapping?.permission ?? "not mapped"}`);
  };

  /** Bytes [from, to) of the frame have been stored. */
  protected changed(frame: Frame, from: number, to: number): void {
    if (frame.lines !== undefined) frame.lines.written(from, to);
    else if (frame.isCode) this.textGeneration++;
  }

  private gather(va: Va, bytes: number, frameOf: (page: Va) => Frame): Uint8Array {
    const first = va % this.pageBytes;
    if (bytes > 0 && first + bytes <= this.pageBytes) return copyOf(frameOf(va).bytes, first, first + bytes);
    const result = new Uint8Array(bytes);
    this.gatherInto(va, result, frameOf);
    return result;
  }

  private gatherInto(va: Va, target: Uint8Array, frameOf: (page: Va) => Frame): void {
    for (let done = 0; done < target.length; ) {
      const at = (va + done) % this.pageBytes;
      const piece = Math.min(target.length - done, this.pageBytes - at);
      target.set(frameOf(va + done).bytes.subarray(at, at + piece), done);
      done += piece;
    }
  }

  private scatter(va: Va, source: Uint8Array, frameOf: (page: Va) => Frame, marks = true): void {
    for (let done = 0; done < source.length; ) {
      const at = (va + done) % this.pageBytes;
      const piece = Math.min(source.length - done, this.pageBytes - at);
      const frame = frameOf(va + done);
      frame.bytes.set(piece === source.length ? source : source.subarray(done, done + piece), at);
      if (marks || frame.lines === undefined) this.changed(frame, at, at + piece);
      done += piece;
    }
  }
}
