// The discipline of changing text, checked from the machine's log: the writable alias exists only under patchLock and no
// translation of it outlives its slot; each poke is followed by exactly one flush, outside the lock.

import type { MachineEvent } from "../../machine/event.js";

/** The fixmap slot: everything from here on is one page. */
const FIXMAP = 0xffff_fdbf_0000;

interface State {
  locked: boolean;
  mapped: boolean;
  /** The slot was emptied, and its translation is not invalidated yet. */
  remembered: boolean;
  /** Flushes since the last poke; undefined before the first one, and after a patch of a single instruction. */
  flushes: number | undefined;
  /** Stores of the poke in progress. */
  stores: number;
}

/** One line for each breach, in order; an empty list is a pass. */
export function textPokeBreaches(events: readonly MachineEvent[]): readonly string[] {
  const state: State = { locked: false, mapped: false, remembered: false, flushes: undefined, stores: 0 };
  const breaches = events.flatMap((event, i) => step(state, event).map((what) => `event ${i}: ${what}`));
  return [...breaches, ...ended(state).map((what) => `at the end: ${what}`)];
}

function step(state: State, event: MachineEvent): readonly string[] {
  switch (event.kind) {
    case "lock":
      return event.lock === "patchLock" ? locked(state) : [];
    case "unlock":
      return event.lock === "patchLock" ? unlocked(state) : [];
    case "map":
      if (event.va < FIXMAP) return [];
      state.mapped = true;
      return state.locked ? [] : ["alias mapped without patchLock"];
    case "unmap":
      if (event.va < FIXMAP) return [];
      state.mapped = false;
      state.remembered = true;
      return [];
    case "invalidateTlb":
      if (event.va >= FIXMAP) state.remembered = false;
      return [];
    case "write":
      if (event.va < FIXMAP) return [];
      state.stores++;
      return state.mapped ? [] : ["store through an alias that is not mapped"];
    case "flush":
      if (state.flushes !== undefined) state.flushes++;
      return state.locked ? ["flush under patchLock"] : [];
    case "clean":
      // Without a flush before it, this is the maintenance of a single instruction.
      if (state.flushes === 0) state.flushes = undefined;
      return [];
    default:
      return [];
  }
}

function locked(state: State): readonly string[] {
  const breaches = ended(state);
  state.locked = true;
  state.stores = 0;
  return breaches;
}

function unlocked(state: State): readonly string[] {
  const breaches: string[] = [];
  if (state.mapped) breaches.push("alias still mapped when patchLock is released");
  if (state.remembered) breaches.push("alias unmapped, but its translation not invalidated under patchLock");
  state.locked = false;
  state.flushes = 0;
  return breaches;
}

function ended({ flushes, locked }: State): readonly string[] {
  if (locked) return ["patchLock is held"];
  return flushes === undefined || flushes === 1 ? [] : [`${flushes} flushes after a poke, expected 1`];
}
