// What translation caches may still hold: ranges whose mapping changed and that nobody has invalidated since. An entry
// there may be used by any CPU at any time, so the list must be empty whenever somebody relies on the new mapping.

import type { Va } from "./address.js";
import type { Permission } from "./page-table.js";

export interface StaleRange {
  readonly va: Va;
  readonly bytes: number;
  /** What the old entry still allows. */
  readonly permission: Permission;
}

export class Tlb {
  private ranges: StaleRange[] = [];

  get stale(): readonly StaleRange[] {
    return this.ranges;
  }

  clear(): void {
    this.ranges.length = 0;
  }

  changed(va: Va, bytes: number, permission: Permission): void {
    this.ranges.push({ va, bytes, permission });
  }

  /** Entries for [va, va + bytes) are gone, on every CPU. A range that is covered in part stays in its uncovered parts. */
  invalidate(va: Va, bytes: number): void {
    if (this.ranges.length === 0) return;
    const end = va + bytes;
    const [only] = this.ranges;
    if (this.ranges.length === 1 && only!.va >= va && only!.va + only!.bytes <= end) {
      // To set the length takes longer.
      this.ranges.pop();
      return;
    }
    const before = this.ranges;
    this.ranges = [];
    for (const range of before) {
      const below = Math.min(va, range.va + range.bytes) - range.va;
      const above = range.va + range.bytes - Math.max(end, range.va);
      if (below > 0) this.changed(range.va, below, range.permission);
      if (above > 0) this.changed(range.va + range.bytes - above, above, range.permission);
    }
  }

  /** A stale entry that may translate an address of [va, va + bytes). */
  find(va: Va, bytes: number): StaleRange | undefined {
    for (let i = 0; i < this.ranges.length; i++) {
      const range = this.ranges[i]!;
      if (range.va < va + bytes && va < range.va + range.bytes) return range;
    }
    return undefined;
  }
}
