// Which locks may be taken while which are held, and that all are released: from the machine's log. What the machine itself
// refuses (taking a lock twice, sleeping with interrupts off) is not repeated here.

import type { LockName, MachineEvent } from "../../machine/event.js";

/** Outer lock -> locks that may be taken under it. */
const UNDER: Readonly<Record<LockName, readonly LockName[]>> = {
  packMutex: ["patchLock"],
  textMutex: ["patchLock"],
  patchLock: [],
};

/** One line for each breach, in order; an empty list is a pass. */
export function lockBreaches(events: readonly MachineEvent[]): readonly string[] {
  const breaches: string[] = [];
  /** By CPU, the outermost first. */
  const held = new Map<number, LockName[]>();
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (event.kind !== "lock" && event.kind !== "unlock") continue;
    const { cpu, lock } = event;
    const stack = held.get(cpu) ?? [];
    held.set(cpu, stack);
    if (event.kind === "unlock") {
      const inner = stack.pop();
      if (inner !== lock) breaches.push(`event ${i}: CPU ${cpu} releases ${lock}, the innermost is ${inner ?? "none"}`);
      continue;
    }
    for (const outer of stack) {
      if (!UNDER[outer].includes(lock)) breaches.push(`event ${i}: CPU ${cpu} takes ${lock} under ${outer}`);
    }
    stack.push(lock);
  }
  for (const [cpu, stack] of held) {
    for (const lock of stack) breaches.push(`at the end: CPU ${cpu} holds ${lock}`);
  }
  return breaches;
}
