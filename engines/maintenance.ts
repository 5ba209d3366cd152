// Cache and TLB maintenance that a CPU has begun: it takes effect when a DSB completes it. What no DSB parts may happen in
// any order, and here in the one that does the least: an invalidation finds lines not yet cleaned.

import { type Va, vaOf } from "../machine/address.js";
import { ALL, type Machine } from "../machine/machine.js";

interface Range {
  readonly va: Va;
  readonly bytes: number;
}
const KINDS = ["clean", "invalidate", "translations"] as const;
type Kind = (typeof KINDS)[number];

export class Maintenance {
  private readonly begun: Record<Kind, Range[]> = { clean: [], invalidate: [], translations: [] };
  isUnderWay = false;

  add(kind: Kind, va: Va, bytes: number): void {
    this.begun[kind].push({ va, bytes });
    this.isUnderWay = true;
  }

  /** A TLBI, or an IC of everything. @param operand of the TLBI: bits 43..0 are those of the page from 12 on */
  begin(word: number, operand: bigint): void {
    const isIc = ((word >>> 12) & 15) === 7;
    const op2 = (word >>> 5) & 7;
    const va = vaOf(BigInt.asUintN(64, BigInt.asIntN(44, operand) << 12n));
    this.isUnderWay = true;
    if (isIc || op2 === 0) this.add(isIc ? "invalidate" : "translations", 0, ALL);
    // That of an address space leaves kernel pages alone, as they are global.
    else if (op2 !== 2 && va !== undefined) this.add("translations", va, 4096);
  }

  complete(machine: Machine): void {
    for (const { va, bytes } of this.begun.invalidate) {
      if (bytes === ALL) machine.invalidateWholeIcache();
      else machine.invalidateIcache(va, bytes);
    }
    for (const { va, bytes } of this.begun.clean) machine.cleanDcache(va, bytes);
    for (const { va, bytes } of this.begun.translations) machine.invalidateTlb(va, Math.max(bytes, machine.pageBytes));
    for (const kind of KINDS) if (this.begun[kind].length > 0) this.begun[kind].length = 0;
    this.isUnderWay = false;
  }
}
