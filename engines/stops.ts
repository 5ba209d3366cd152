// Addresses at which a CPU stops before it executes them: thousands, found by page. CPUs of one machine may share them.

import type { Va } from "../machine/address.js";

/** Pages of all sizes are made of these. */
const GRANULE = 4096;

export class Stops {
  private readonly granules = new Map<number, Set<Va>>();
  /** Rises with every change. */
  generation = 0;

  constructor(addresses: Iterable<Va> = []) {
    for (const va of addresses) this.add(va);
  }

  has(va: Va): boolean {
    return this.granules.get(Math.floor(va / GRANULE))?.has(va) ?? false;
  }

  add(va: Va): void {
    const key = Math.floor(va / GRANULE);
    const granule = this.granules.get(key);
    if (granule === undefined) this.granules.set(key, new Set([va]));
    else granule.add(va);
    this.generation++;
  }

  delete(va: Va): void {
    this.granules.get(Math.floor(va / GRANULE))?.delete(va);
    this.generation++;
  }

  /** Those in [va, va + bytes), where both are multiples of 4096. */
  *within(va: Va, bytes: number): Iterable<Va> {
    for (let key = va / GRANULE; key < (va + bytes) / GRANULE; key++) yield* this.granules.get(key) ?? [];
  }
}
