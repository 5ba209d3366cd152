// lock-discipline: the order of locks, what may only be touched under which, and what must not happen under a spinlock.
// Sleeping with interrupts off and taking a lock twice stop the machine; those faults are told here too.

import type { LockName } from "../../machine/event.js";
import { KernelFault } from "../../machine/fault.js";
import { made, pokedWords, type Step, type TraceEvent, unmade } from "../../subjects/step.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";
import { holds, type Store, type TextLog, textLog } from "./pokes.js";

export const lockDiscipline: Oracle = {
  name: "lock-discipline",
  statement:
    "Packs change under packMutex, the fixmap slot and text under patchLock, single instructions under textMutex; locks nest in one order and nothing sleeps under the spinlock.",
  source:
    "linux v6.12 kernel/bpf/core.c, pack_mutex; arch/arm64/kernel/patching.c, patch_lock; kernel/extable.c, text_mutex",
  seesCrashes: true,
  about: KERNEL_STEPS,
  check(step) {
    if (step.result.kind === "crashed") return crash(step.result.error);
    const log = textLog(step.events);
    return together(lockBreaches(step.events), unlocked(step, log), tooFew(step, log));
  },
};

const crash = (error: Error): readonly string[] =>
  error instanceof KernelFault && error.why === "badLock" ? [error.message] : PASS;

/** Outer lock -> locks that may be taken under it. */
const UNDER: Readonly<Record<LockName, readonly LockName[]>> = {
  packMutex: ["patchLock"],
  textMutex: ["patchLock"],
  patchLock: [],
};

/** Order of the locks, and that all are released. What the machine itself refuses is not repeated here. */
export function lockBreaches(events: readonly TraceEvent[]): readonly string[] {
  const { nested, held } = textLog(events);
  const breaches: string[] = [];
  for (const { at, kind, cpu, lock, held } of nested) {
    if (kind === "unlock") {
      breaches.push(`event ${at}: CPU ${cpu} releases ${lock}, the innermost is ${held?.lock ?? "none"}`);
      continue;
    }
    for (let one = held; one !== undefined; one = one.outer) {
      if (!UNDER[one.lock].includes(lock)) breaches.push(`event ${at}: CPU ${cpu} takes ${lock} under ${one.lock}`);
    }
  }
  held.forEach((left, cpu) => {
    for (let one = left; one !== undefined; one = one.outer) breaches.push(`at the end: CPU ${cpu} holds ${one.lock}`);
  });
  return breaches;
}

function unlocked(step: Step, { pokes, strayAliases, allocations }: TextLog): readonly string[] {
  const { images } = step.scene;
  return together(
    breachesOfAll(pokes, ({ stores }) => breachesOfAll(stores, (store) => misplaced(step, store))),
    breachesOfAll(strayAliases, ({ at, kind }) => [`event ${at}: ${kind} of text without patchLock`]),
    breachesOfAll(allocations, ({ at, kind, held }) =>
      images === "pages" || holds(held, "packMutex")
        ? PASS
        : [`event ${at}: ${kind} of executable memory without packMutex`],
    ),
  );
}

/** What is stored without packMutex is an image, a single instruction, or the address of a long jump. */
function misplaced(step: Step, { at, va, held }: Store): readonly string[] {
  if (!holds(held, "patchLock")) return [`event ${at}: textWrite of text without patchLock`];
  if (holds(held, "packMutex")) return PASS;
  if (pokedWords(step).includes(va)) {
    return holds(held, "textMutex") ? PASS : [`event ${at}: an instruction is replaced without textMutex`];
  }
  if (step.scene.images === "pages" || step.patches.some(({ literal }) => literal === va)) return PASS;
  const isFreed = unmade(step).some(({ header, bytes }) => va >= header && va < header + bytes);
  return isFreed
    ? [`event ${at}: freed room is made illegal without packMutex: another load may have it by now`]
    : PASS;
}

/** The bitmap is no memory of the machine: each allocation and each free must have taken the mutex once. */
function tooFew(step: Step, { packMutexTaken }: TextLog): readonly string[] {
  if (step.scene.images === "pages" || !step.isLogged) return PASS;
  const expected = made(step).length + unmade(step).length;
  if (packMutexTaken >= expected) return PASS;
  return [`packMutex was taken ${packMutexTaken} times for ${expected} allocations or frees`];
}
