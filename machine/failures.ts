// Failures on demand: the n-th call of a step from now fails. What the caller makes of it is what is tested.

import type { FailingStep } from "./event.js";

export class Failures {
  private readonly countdown = new Map<FailingStep, number>();
  private readonly calls: Record<FailingStep, number> = {
    vmalloc: 0,
    kvmalloc: 0,
    setPermission: 0,
    copy: 0,
    poke: 0,
    progAlloc: 0,
  };

  /** Let the `nth` call of `step` from now fail; 1 is the next one. */
  plan(step: FailingStep, nth: number): void {
    this.countdown.set(step, this.calls[step] + nth);
  }

  clear(): void {
    // To clear an empty map makes a new table.
    if (this.countdown.size > 0) this.countdown.clear();
  }

  /** Plans that have not struck yet. */
  get pending(): number {
    return this.countdown.size;
  }

  /** Calls of a step so far, whether or not they failed. */
  count(step: FailingStep): number {
    return this.calls[step];
  }

  /** Count a call; true if it must fail. */
  strikes(step: FailingStep): boolean {
    const call = ++this.calls[step];
    if (this.countdown.size === 0 || this.countdown.get(step) !== call) return false;
    this.countdown.delete(step);
    return true;
  }
}
