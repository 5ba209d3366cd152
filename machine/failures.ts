// Failures on demand: the n-th call of a step from now fails. What the caller makes of it is what is tested.

import type { FailingStep } from "./event.js";

export class Failures {
  /** Which of the calls from now on fails. */
  private readonly countdown = new Map<FailingStep, number>();

  /** Let the `nth` call of `step` from now fail; 1 is the next one. */
  plan(step: FailingStep, nth: number): void {
    this.countdown.set(step, nth);
  }

  clear(): void {
    // To clear an empty map makes a new table.
    if (this.countdown.size > 0) this.countdown.clear();
  }

  /** Plans that have not struck yet. */
  get pending(): number {
    return this.countdown.size;
  }

  /** Count a call; true if it must fail. */
  strikes(step: FailingStep): boolean {
    const nth = this.countdown.size === 0 ? undefined : this.countdown.get(step);
    if (nth === undefined) return false;
    if (nth === 1) this.countdown.delete(step);
    else this.countdown.set(step, nth - 1);
    return nth === 1;
  }
}
