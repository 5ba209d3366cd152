// Free address ranges of one area, lowest first: the bookkeeping behind vmalloc. Neighbours are merged, so the list stays
// as short as the area is unfragmented.

import type { Va } from "./address.js";

interface Extent {
  start: Va;
  end: Va;
}

export class Extents {
  private readonly free: Extent[];

  constructor(start: Va, bytes: number) {
    this.free = [{ start, end: start + bytes }];
  }

  /** The lowest free range of that size, or undefined. */
  take(bytes: number): Va | undefined {
    const at = this.free.findIndex(({ start, end }) => end - start >= bytes);
    const extent = this.free[at];
    if (extent === undefined) return undefined;
    const { start } = extent;
    extent.start += bytes;
    if (extent.start === extent.end) this.free.splice(at, 1);
    return start;
  }

  /** Never give out these bytes. Called while everything is free. */
  exclude({ after, bytes }: { readonly after: number; readonly bytes: number }): void {
    const first = this.take(after);
    if (first === undefined || this.take(bytes) === undefined) throw new RangeError("no room for the gap");
    this.give(first, after);
  }

  give(start: Va, bytes: number): void {
    const end = start + bytes;
    const above = this.free.findIndex((extent) => extent.start >= end);
    const at = above < 0 ? this.free.length : above;
    const before = this.free[at - 1];
    const after = this.free[at];
    if (before?.end === start && after?.start === end) {
      before.end = after.end;
      this.free.splice(at, 1);
    } else if (before?.end === start) before.end = end;
    else if (after?.start === end) after.start = start;
    else this.free.splice(at, 0, { start, end });
  }
}
