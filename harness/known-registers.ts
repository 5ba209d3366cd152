// Which BPF registers have a value that two witnesses must agree on, step by step through a run: those that the running
// function has set itself or has got as arguments. What a callee saved, what a call left behind, and the registers of a
// program that tail called are nobody's promise.

import type { BpfStep } from "./trace.js";

export class KnownRegisters {
  now: ReadonlySet<number> = CONTEXT_ONLY;
  private tailCalled = false;
  /** What the callers know. */
  private readonly callers: ReadonlySet<number>[] = [];
  private returned: ReadonlySet<number> | undefined;

  step({ pc, flow, sets }: BpfStep): void {
    // A tail call that is taken enters a program that knows nothing.
    const before = this.tailCalled && pc === 0 ? CONTEXT_ONLY : (this.returned ?? this.now);
    this.tailCalled = flow === "tailCall";
    this.returned = undefined;
    this.now = sets.length === 0 ? before : new Set([...before, ...sets]);
    if (flow === "call") {
      this.callers.push(this.now);
      this.now = new Set([...this.now].filter((r) => r <= LAST_ARGUMENT));
    } else if (flow === "tailCall") {
      this.returned = new Set([...before].filter((r) => r > LAST_ARGUMENT));
      this.now = new Set();
    } else if (flow === "exit") {
      // Until the epilogue has run, the saved registers are still those of the callee.
      const saved = [...(this.callers.pop() ?? [])].filter((r) => r > LAST_ARGUMENT);
      this.returned = new Set([0, ...saved]);
      this.now = new Set();
    }
  }
}
const CONTEXT_ONLY: ReadonlySet<number> = new Set([1]);
const LAST_ARGUMENT = 5;
