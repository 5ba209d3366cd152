// The kernel heap (kvmalloc): each object ends at a page boundary with an unmapped page behind it, so an overrun faults at
// once. What lies before it in its first page is poison, checked when it is freed.

import { Buffer } from "node:buffer";
import type { Va } from "./address.js";
import { POISON } from "./address-space.js";
import { KernelFault } from "./fault.js";
import type { Frames } from "./frames.js";
import type { Frame, PageTable } from "./page-table.js";

const ALIGN = 16;

interface HeapObject {
  readonly va: Va;
  readonly bytes: number;
  readonly firstPage: Va;
  readonly frames: readonly Frame[];
}

export class Heap {
  private readonly objects = new Map<number, HeapObject>();
  /** By page count: first pages that were freed, the latest last. */
  private readonly vacant: Va[][] = [];
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

  alloc(bytes: number): Va {
    const { pageBytes } = this.table;
    const pages = Math.max(1, Math.ceil(bytes / pageBytes));
    const firstPage = this.vacant[pages]?.pop() ?? this.grow(pages);
    const va = firstPage + pages * pageBytes - Math.ceil(bytes / ALIGN) * ALIGN;
    const frames: Frame[] = [];
    for (let i = 0; i < pages; i++) {
      const frame = this.frames.take();
      frame.bytes.fill(POISON);
      frame.lines = undefined;
      frames.push(frame);
      this.table.set(firstPage + i * pageBytes, { frame, permission: "rw" });
    }
    this.objects.set((va - this.base) / ALIGN, { va, bytes, firstPage, frames });
    return va;
  }

  /** @returns the size in bytes that was freed. */
  free(va: Va): number {
    const key = (va - this.base) / ALIGN;
    const object = this.objects.get(key);
    if (object === undefined) throw new KernelFault("badFree", va, "no heap object begins here");
    this.checkRedzones(object);
    this.objects.delete(key);
    object.frames.forEach((frame, i) => {
      this.table.set(object.firstPage + i * this.table.pageBytes, undefined);
      this.frames.give(frame);
    });
    const pages = object.frames.length;
    this.vacant[pages] ??= [];
    this.vacant[pages].push(object.firstPage);
    return object.bytes;
  }

  private grow(pages: number): Va {
    const at = this.top;
    this.top += (pages + 1) * this.table.pageBytes;
    return at;
  }

  private checkRedzones({ va, bytes, firstPage, frames }: HeapObject): void {
    const { pageBytes } = this.table;
    const before = va - firstPage;
    const after = firstPage + frames.length * pageBytes - (va + bytes);
    const intact = (frame: Frame, from: number, to: number): boolean =>
      Buffer.compare(frame.bytes.subarray(from, to), this.poison.subarray(from, to)) === 0;
    if (!intact(frames[0]!, 0, before)) throw new KernelFault("badFree", va, "the bytes before it were written");
    if (after > 0 && !intact(frames.at(-1)!, pageBytes - after, pageBytes)) {
      throw new KernelFault("badFree", va, `the bytes after its ${bytes} were written`);
    }
  }
}
