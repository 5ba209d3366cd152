// Exactly one range flush a poke, after its lock is released: counted from the log alone. One instruction that is replaced
// under textMutex is maintained by itself and needs none.

import { isAlias, type TraceEvent } from "../../subjects/step.js";

export class FlushCount {
  readonly breaches: string[] = [];
  private locked = false;
  private patching = false;
  /** The last poke has stored something. */
  private hasStored = false;
  /** Since the last poke; undefined where none is expected. */
  private flushes: number | undefined;

  event(event: TraceEvent): void {
    switch (event.kind) {
      case "lock":
        if (event.lock === "textMutex") this.patching = true;
        if (event.lock === "patchLock") this.begin();
        break;
      case "unlock":
        if (event.lock === "textMutex") this.patching = false;
        if (event.lock === "patchLock") this.locked = false;
        break;
      case "textWrite":
        this.hasStored = true;
        break;
      case "write":
        if (isAlias(event.va)) this.hasStored = true;
        break;
      case "flush":
        if (this.locked) this.breaches.push("a flush under patchLock, with interrupts off");
        if (this.flushes !== undefined) this.flushes++;
        break;
    }
  }

  /** Whether a flush now belongs to a poke. */
  get isExpected(): boolean {
    return this.flushes !== undefined;
  }

  /** What was stored last is data: nothing has to be flushed for it. */
  excuse(): void {
    this.flushes = undefined;
  }

  /** The next poke begins, or the operation is over. */
  ended(): void {
    const { flushes } = this;
    if (flushes !== undefined && flushes !== 1 && (flushes > 1 || this.hasStored)) {
      this.breaches.push(`${flushes} flushes after a poke, expected 1`);
    }
    this.flushes = undefined;
  }

  private begin(): void {
    this.ended();
    this.locked = true;
    this.hasStored = false;
    if (!this.patching) this.flushes = 0;
  }
}

/** One line for each breach, in order. */
export function flushCountBreaches(events: readonly TraceEvent[]): readonly string[] {
  const count = new FlushCount();
  for (const event of events) count.event(event);
  count.ended();
  return count.breaches;
}
