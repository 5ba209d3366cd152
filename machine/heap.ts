// The kernel heap (kvmalloc): each object ends at a page boundary with an unmapped page behind it, so an overrun faults at
// once. What lies before it in its first page is poison, checked when it is freed. The frames of an object lie one behind
// the other, so that kernel code can be handed its bytes as one array.

import { Buffer } from "node:buffer";
import type { Va } from "./address.js";
import { POISON } from "./address-space.js";
import { KernelFault } from "./fault.js";
import type { Frames, Run } from "./frames.js";
import type { Mapping, PageTable } from "./page-table.js";

const ALIGN = 16;

/** Pages of the heap that hold one object at a time. Without one, they are all poison. */
interface Slab extends Run {
  readonly firstPage: Va;
  /** By page. */
  readonly mappings: readonly Mapping[];
  object: HeapObject | undefined;
}
interface HeapObject {
  readonly va: Va;
  readonly bytes: number;
}

interface Occupied extends Slab {
  object: HeapObject;
}

export class Heap {
  /** By the number of its first page: nothing is taken out, since a map that shrinks and grows leaves tables behind. */
  private readonly slabs = new Map<number, Slab>();
  /** By page count: slabs without an object, the latest last. */
  private readonly vacant: Slab[][] = [];
  private readonly poison: Buffer;
  private top: Va;
  /** Live objects. */
  count = 0;

  constructor(
    private readonly base: Va,
    private readonly table: PageTable,
    private readonly frames: Frames,
  ) {
    this.top = base;
    this.poison = Buffer.alloc(table.pageBytes, POISON);
  }

  /** Whether an object lies there, or did. */
  holds(va: Va): boolean {
    return va >= this.base && va < this.top;
  }

  alloc(bytes: number): Va {
    const { pageBytes } = this.table;
    const pages = Math.max(1, Math.ceil(bytes / pageBytes));
    const slab = this.vacant[pages]?.pop() ?? this.grow(pages);
    // An object of no bytes has a place of its own too.
    const va = slab.firstPage + slab.bytes.length - Math.max(1, Math.ceil(bytes / ALIGN)) * ALIGN;
    for (let i = 0; i < pages; i++) this.table.set(slab.firstPage + i * pageBytes, slab.mappings[i]);
    this.frames.inUse += pages;
    slab.object = { va, bytes };
    this.count++;
    return va;
  }

  /** Of the object that begins at `va`, so many bytes; default: all. */
  bytes(va: Va, from = 0, bytes?: number): Uint8Array {
    const slab = this.slabOf(va);
    const length = bytes ?? slab.object.bytes - from;
    if (from + length > slab.object.bytes)
      throw new KernelFault("badWrite", va, `has no ${length} bytes from ${from} on`);
    const start = va - slab.firstPage + from;
    return slab.bytes.subarray(start, start + length);
  }

  /** @returns the size in bytes that was freed. */
  free(va: Va): number {
    const slab = this.slabOf(va);
    const { bytes } = slab.object;
    const { pageBytes } = this.table;
    this.checkRedzones(slab);
    slab.bytes.fill(POISON, va - slab.firstPage, va - slab.firstPage + bytes);
    this.count--;
    const pages = slab.frames.length;
    for (let i = 0; i < pages; i++) this.table.set(slab.firstPage + i * pageBytes, undefined);
    this.frames.inUse -= pages;
    this.vacant[pages] ??= [];
    this.vacant[pages].push(slab);
    (slab as Slab).object = undefined;
    return bytes;
  }

  /** Everything is given back, whatever was written where. */
  clear(): void {
    for (const { object, bytes } of this.slabs.values()) {
      if (object === undefined) continue;
      bytes.fill(POISON);
      this.free(object.va);
    }
  }

  private pageNumber(va: Va): number {
    return Math.floor((va - this.base) / this.table.pageBytes);
  }

  private slabOf(va: Va): Occupied {
    const slab = this.slabs.get(this.pageNumber(va));
    if (slab?.object?.va !== va) throw new KernelFault("badFree", va, "no heap object begins here");
    return slab as Occupied;
  }

  private grow(pages: number): Slab {
    const firstPage = this.top;
    this.top += (pages + 1) * this.table.pageBytes;
    const { frames, bytes } = this.frames.cutRun(pages, firstPage);
    bytes.fill(POISON);
    const mappings = frames.map((frame): Mapping => ({ frame, permission: "rw" }));
    const slab = { firstPage, frames, bytes, mappings, object: undefined };
    this.slabs.set(this.pageNumber(firstPage), slab);
    return slab;
  }

  private checkRedzones({ object: { va, bytes }, firstPage, bytes: all }: Occupied): void {
    const from = va - firstPage;
    if (from > 0 && this.poison.compare(all, 0, from, 0, from) !== 0) {
      throw new KernelFault("badFree", va, "the bytes before it were written");
    }
    // Fewer than `ALIGN`.
    for (let at = from + bytes; at < all.length; at++) {
      if (all[at] !== POISON) throw new KernelFault("badFree", va, `the bytes after its ${bytes} were written`);
    }
  }
}
