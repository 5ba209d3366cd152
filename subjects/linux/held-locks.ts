// Mutexes and spinlocks of a kernel beyond the three that the machine has: who holds which. One thread runs all CPUs, and none
// is stopped inside kernel code: a lock that is not free can only be a mistake.

import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";

export type HeldKind = "mutex" | "spinlock";

interface Held {
  readonly va: Va;
  readonly kind: HeldKind;
  readonly cpu: number;
}

export class HeldLocks {
  /** In the order in which they were taken. */
  private held: Held[] = [];
  /** Those that somebody has tried to take, with nobody to say whether it came off. */
  private readonly tried = new Set<Va>();

  /** @param nameOf what is said of a lock by its address */
  constructor(private readonly nameOf: (va: Va) => string) {}

  /** @throws KernelFault if it is held: this would wait for ever */
  take(kind: HeldKind, va: Va, cpu: number): void {
    const before = this.held.find((one) => one.va === va);
    if (before !== undefined) {
      throw new KernelFault("badLock", va, `CPU ${cpu} takes ${this.said(kind, va)}, which CPU ${before.cpu} holds`);
    }
    this.held.push({ va, kind, cpu });
  }

  mayHaveTaken(va: Va): void {
    this.tried.add(va);
  }

  /** @throws KernelFault if that CPU does not hold it */
  give(kind: HeldKind, va: Va, cpu: number): void {
    const at = this.held.findIndex((one) => one.va === va && one.cpu === cpu);
    if (at >= 0) this.held.splice(at, 1);
    else if (!this.tried.delete(va)) {
      const by = this.held.find((one) => one.va === va);
      const holder = by === undefined ? "nobody" : `CPU ${by.cpu}`;
      throw new KernelFault("badLock", va, `CPU ${cpu} releases ${this.said(kind, va)}, held by ${holder}`);
    }
  }

  /** How many a CPU holds. */
  count(cpu: number): number {
    return this.held.filter((one) => one.cpu === cpu).length;
  }

  /** The last lock that a CPU holds beyond so many; undefined if there is none. */
  beyond(count: number, cpu: number): string | undefined {
    const own = this.held.filter((one) => one.cpu === cpu);
    const last = own.length > count ? own.at(-1) : undefined;
    return last && this.said(last.kind, last.va);
  }

  /** A spinlock, under which nothing may sleep. */
  spinning(cpu: number): string | undefined {
    const spinlock = this.held.findLast((one) => one.kind === "spinlock" && one.cpu === cpu);
    return spinlock && this.said("spinlock", spinlock.va);
  }

  /** `the mutex pack_mutex`. */
  said(kind: HeldKind, va: Va): string {
    return `the ${kind} ${this.nameOf(va)}`;
  }
}
