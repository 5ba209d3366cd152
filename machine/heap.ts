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
}
interface HeapObject {
  readonly va: Va;
  readonly bytes: number;
  readonly slab: Slab;
}

export class Heap {
  private readonly objects = new Map<number, HeapObject>();
  /** By page count: slabs without an object, the latest last. */
  private readonly vacant: Slab[][] = [];
  private readonly poison: Uint8Array;
  private top: Va;

  constructor(
    private readonly base: Va,
    private readonly table: PageTable,
    private readonly frames: Frames,
  ) {
    this.top = base;
    this.poison = new Uint8Array(table.pageBytes).fill(POISON);
  }

  /** Live objects. */
  get count(): number {
    return this.objects.size;
  }

  /** Whether an object lies there, or did. */
  holds(va: Va): boolean {
    return va >= this.base && va < this.top;
  }

  alloc(bytes: number): Va {
    const { pageBytes } = this.table;
    const pages = Math.max(1, Math.ceil(bytes / pageBytes));
    const slab = this.vacant[pages]?.pop() ?? this.grow(pages);
    const va = slab.firstPage + slab.bytes.length - Math.ceil(bytes / ALIGN) * ALIGN;
    for (let i = 0; i < pages; i++) this.table.set(slab.firstPage + i * pageBytes, slab.mappings[i]);
    this.frames.inUse += pages;
    this.objects.set(this.key(va), { va, bytes, slab });
    return va;
  }

  /** The bytes of the object that begins at `va`. */
  bytes(va: Va): Uint8Array {
    const { slab, bytes } = this.object(va);
    const from = va - slab.firstPage;
    return slab.bytes.subarray(from, from + bytes);
  }

  /** @returns the size in bytes that was freed. */
  free(va: Va): number {
    const object = this.object(va);
    const { slab } = object;
    const { pageBytes } = this.table;
    this.checkRedzones(object);
    slab.bytes.fill(POISON, va - slab.firstPage, va - slab.firstPage + object.bytes);
    this.objects.delete(this.key(va));
    const pages = slab.frames.length;
    for (let i = 0; i < pages; i++) this.table.set(slab.firstPage + i * pageBytes, undefined);
    this.frames.inUse -= pages;
    this.vacant[pages] ??= [];
    this.vacant[pages].push(slab);
    return object.bytes;
  }

  /** Everything is given back, whatever was written where. */
  clear(): void {
    for (const { va, slab } of [...this.objects.values()]) {
      slab.bytes.fill(POISON);
      this.free(va);
    }
  }

  private key(va: Va): number {
    return (va - this.base) / ALIGN;
  }

  private object(va: Va): HeapObject {
    const object = this.objects.get(this.key(va));
    if (object === undefined) throw new KernelFault("badFree", va, "no heap object begins here");
    return object;
  }

  private grow(pages: number): Slab {
    const firstPage = this.top;
    this.top += (pages + 1) * this.table.pageBytes;
    const { frames, bytes } = this.frames.cutRun(pages);
    bytes.fill(POISON);
    return { firstPage, frames, bytes, mappings: frames.map((frame) => ({ frame, permission: "rw" })) };
  }

  private checkRedzones({ va, bytes, slab }: HeapObject): void {
    const from = va - slab.firstPage;
    const intact = (start: number, end: number): boolean =>
      Buffer.compare(slab.bytes.subarray(start, end), this.poison.subarray(0, end - start)) === 0;
    if (!intact(0, from)) throw new KernelFault("badFree", va, "the bytes before it were written");
    if (!intact(from + bytes, slab.bytes.length)) {
      throw new KernelFault("badFree", va, `the bytes after its ${bytes} were written`);
    }
  }
}
