// lock-discipline: the order of locks, what may only be touched under which, and what must not happen under a spinlock.
// Sleeping with interrupts off and taking a lock twice stop the machine; those faults are told here too.

import type { Va } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import { KernelFault } from "../../machine/fault.js";
import { isAlias, made, pokedWords, type Step, unmade } from "../../subjects/step.js";
import { lockBreaches } from "./locks.js";
import { type Oracle, PASS } from "./oracle.js";

export const lockDiscipline: Oracle = {
  name: "lock-discipline",
  statement:
    "Packs change under packMutex, the fixmap slot and text under patchLock, single instructions under textMutex; locks nest in one order and nothing sleeps under the spinlock.",
  source:
    "linux v6.12 kernel/bpf/core.c, pack_mutex; arch/arm64/kernel/patching.c, patch_lock; kernel/extable.c, text_mutex",
  seesCrashes: true,
  check(step) {
    if (step.result.kind === "ran") return PASS;
    if (step.result.kind === "crashed") return crash(step.result.error);
    return [...lockBreaches(step.events as readonly MachineEvent[]), ...unlocked(step), ...tooFew(step)];
  },
};

const crash = (error: Error): readonly string[] =>
  error instanceof KernelFault && error.why === "badLock" ? [error.message] : PASS;

function unlocked(step: Step): readonly string[] {
  const { scene, events } = step;
  const breaches: string[] = [];
  const inPacks = scene.images === "packs";
  const held = { packMutex: 0, patchLock: 0, textMutex: 0 };
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    switch (event.kind) {
      case "lock":
        held[event.lock]++;
        break;
      case "unlock":
        held[event.lock]--;
        break;
      case "textWrite":
        if (held.patchLock === 0) breaches.push(`event ${i}: ${event.kind} of text without patchLock`);
        else if (held.packMutex === 0) breaches.push(...poked(step, event.va, held.textMutex > 0, i));
        break;
      case "map":
      case "unmap":
        if (held.patchLock === 0 && isAlias(event.va)) {
          breaches.push(`event ${i}: ${event.kind} of text without patchLock`);
        }
        break;
      case "alloc":
      case "free":
        if (inPacks && event.area === "vmalloc" && held.packMutex === 0) {
          breaches.push(`event ${i}: ${event.kind} of executable memory without packMutex`);
        }
        break;
    }
  }
  return breaches;
}

/** What is stored without packMutex is an image, a single instruction, or the address of a long jump. */
function poked(step: Step, va: Va, hasTextMutex: boolean, i: number): readonly string[] {
  if (pokedWords(step).includes(va)) {
    return hasTextMutex ? PASS : [`event ${i}: an instruction is replaced without textMutex`];
  }
  if (step.scene.images === "pages" || step.patches.some(({ literal }) => literal === va)) return PASS;
  const isFreed = unmade(step).some(({ header, bytes }) => va >= header && va < header + bytes);
  return isFreed ? [`event ${i}: freed room is made illegal without packMutex: another load may have it by now`] : PASS;
}

/** The bitmap is no memory of the machine: each allocation and each free must have taken the mutex once. */
function tooFew(step: Step): readonly string[] {
  const { scene, events } = step;
  if (scene.images === "pages") return PASS;
  const expected = made(step).length + unmade(step).length;
  if (expected === 0) return PASS;
  let taken = 0;
  for (const event of events) if (event.kind === "lock" && event.lock === "packMutex") taken++;
  if (taken >= expected) return PASS;
  return [`packMutex was taken ${taken} times for ${expected} allocations or frees`];
}
