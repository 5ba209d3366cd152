// lock-discipline: the order of locks, what may only be touched under which, and what must not happen under a spinlock.
// Sleeping with interrupts off and taking a lock twice stop the machine; those faults are told here too.

import type { MachineEvent } from "../../machine/event.js";
import { KernelFault } from "../../machine/fault.js";
import { lockBreaches } from "./locks.js";
import { isAlias, type Oracle, PASS, type Step, type TraceEvent } from "./oracle.js";

export const lockDiscipline: Oracle = {
  name: "lock-discipline",
  statement:
    "Packs change under packMutex, the fixmap slot and text under patchLock, single instructions under textMutex; locks nest in one order and nothing sleeps under the spinlock.",
  source:
    "linux v6.12 kernel/bpf/core.c, pack_mutex; arch/arm64/kernel/patching.c, patch_lock; kernel/extable.c, text_mutex",
  check(step) {
    if (step.result.kind === "ran") return PASS;
    if (step.result.kind === "crashed") return crash(step.result.error);
    return [...lockBreaches(step.events as readonly MachineEvent[]), ...unlocked(step), ...tooFew(step)];
  },
};

const crash = (error: Error): readonly string[] =>
  error instanceof KernelFault && error.why === "badLock" ? [error.message] : PASS;

function unlocked({ scene, events, result }: Step): readonly string[] {
  const breaches: string[] = [];
  const held = { packMutex: 0, patchLock: 0, textMutex: 0 };
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (event.kind === "lock") held[event.lock]++;
    else if (event.kind === "unlock") held[event.lock]--;
    else if (isStore(event) && held.patchLock === 0) {
      breaches.push(`event ${i}: ${event.kind} of text without patchLock`);
    } else if (result.kind === "poked" && event.kind === "textWrite" && held.textMutex === 0) {
      breaches.push(`event ${i}: an instruction is replaced without textMutex`);
    } else if (result.kind === "freed" && scene.images === "packs" && isInvalidation(event) && held.packMutex === 0) {
      breaches.push(`event ${i}: freed room is made illegal without packMutex: another load may have it by now`);
    } else if (scene.images === "packs" && isArea(event) && held.packMutex === 0) {
      breaches.push(`event ${i}: ${event.kind} of executable memory without packMutex`);
    }
  }
  return breaches;
}

/** Once a program is published, a free stores nothing but illegal instructions. */
const isInvalidation = ({ kind }: TraceEvent): boolean => kind === "textWrite";

const isStore = (event: TraceEvent): boolean =>
  event.kind === "textWrite" ||
  (event.kind === "map" && isAlias(event.va)) ||
  (event.kind === "unmap" && isAlias(event.va));
const isArea = (event: TraceEvent): boolean =>
  (event.kind === "alloc" || event.kind === "free") && event.area === "vmalloc";

/** The bitmap is no memory of the machine: each allocation and each free must have taken the mutex once. */
function tooFew({ scene, events, result }: Step): readonly string[] {
  if (scene.images === "pages" || (result.kind !== "loaded" && result.kind !== "freed")) return PASS;
  const expected = result.kind === "loaded" ? result.live.regions.length : result.freed.regions.length;
  let taken = 0;
  for (const event of events) if (event.kind === "lock" && event.lock === "packMutex") taken++;
  if (taken >= expected) return PASS;
  return [`packMutex was taken ${taken} times for ${expected} allocations or frees`];
}
