// lock-discipline: the order of locks, what may only be touched under which, and what must not happen under a spinlock.
// Sleeping with interrupts off and taking a lock twice stop the machine; those faults are told here too.

import type { LockName } from "../../machine/event.js";
import { KernelFault } from "../../machine/fault.js";
import { made, pokedWords, type Step, type TraceEvent, unmade } from "../../subjects/step.js";
import { type Oracle, PASS } from "./oracle.js";
import { type Store, type TextLog, textLog } from "./pokes.js";

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
    const log = textLog(step.events);
    return [...lockBreaches(step.events), ...unlocked(step, log), ...tooFew(step, log)];
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
  const { locks, held } = textLog(events);
  const order = locks.flatMap(({ at, kind, cpu, lock, held }) => {
    if (kind === "lock") {
      const outer = held.filter((one) => !UNDER[one].includes(lock));
      return outer.map((one) => `event ${at}: CPU ${cpu} takes ${lock} under ${one}`);
    }
    const inner = held.at(-1);
    return inner === lock ? PASS : [`event ${at}: CPU ${cpu} releases ${lock}, the innermost is ${inner ?? "none"}`];
  });
  const kept = held.flatMap((left, cpu) => left.map((lock) => `at the end: CPU ${cpu} holds ${lock}`));
  return [...order, ...kept];
}

function unlocked(step: Step, { pokes, aliases, allocations }: TextLog): readonly string[] {
  const rooms = step.scene.images === "packs" ? allocations : [];
  return [
    ...pokes.flatMap(({ stores }) => stores.flatMap((store) => misplaced(step, store))),
    ...aliases
      .filter(({ held }) => !held.includes("patchLock"))
      .map(({ at, kind }) => `event ${at}: ${kind} of text without patchLock`),
    ...rooms
      .filter(({ held }) => !held.includes("packMutex"))
      .map(({ at, kind }) => `event ${at}: ${kind} of executable memory without packMutex`),
  ];
}

/** What is stored without packMutex is an image, a single instruction, or the address of a long jump. */
function misplaced(step: Step, { at, va, held }: Store): readonly string[] {
  if (!held.includes("patchLock")) return [`event ${at}: textWrite of text without patchLock`];
  if (held.includes("packMutex")) return PASS;
  if (pokedWords(step).includes(va)) {
    return held.includes("textMutex") ? PASS : [`event ${at}: an instruction is replaced without textMutex`];
  }
  if (step.scene.images === "pages" || step.patches.some(({ literal }) => literal === va)) return PASS;
  const isFreed = unmade(step).some(({ header, bytes }) => va >= header && va < header + bytes);
  return isFreed
    ? [`event ${at}: freed room is made illegal without packMutex: another load may have it by now`]
    : PASS;
}

/** The bitmap is no memory of the machine: each allocation and each free must have taken the mutex once. */
function tooFew(step: Step, { locks }: TextLog): readonly string[] {
  if (step.scene.images === "pages" || !step.isLogged) return PASS;
  const expected = made(step).length + unmade(step).length;
  const taken = locks.filter(({ kind, lock }) => kind === "lock" && lock === "packMutex").length;
  return taken >= expected ? PASS : [`packMutex was taken ${taken} times for ${expected} allocations or frees`];
}
