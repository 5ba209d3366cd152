// A history of allocations and frees, what came of it, and the state that it leaves an allocator in.

import type { RoAddr, Va } from "../../machine/address.js";
import type { PacksView } from "../../subjects/subject.js";

/** A size in chunks, or minus the position of what is freed among the live, less one. */
export type Step = number;
export type AllocFreeHistory = readonly Step[];

export interface Taken {
  readonly at: RoAddr;
  readonly bytes: number;
}

export interface TriedHistory {
  /** After the last step; undefined if all is well. The others have been the last one of a shorter history. */
  readonly wrong: string | undefined;
  readonly packs: number;
  readonly state: string | undefined;
  /** What shows it, if the history alone does not. */
  readonly shownBy?: AllocFreeHistory;
}

/** Tries histories, those that differ only in their last step one after the other. */
export interface HistoryChecker {
  /** @param wantsState whether the state is asked for */
  try(history: AllocFreeHistory, wantsState: boolean): TriedHistory;
  /** Nothing comes that begins as the last one did. @returns what is wrong in the end, and what has shown it */
  end(): { readonly wrong: string; readonly shownBy: AllocFreeHistory } | undefined;
}

/** The heap begins here, and everything else that has an address lies above. */
const LEAST_ADDRESS = 2 ** 30;

/**
 * All that an allocator remembers, as a text: two allocators with one text behave alike from here on. Read from its own
 * fields, whatever they are, so that a field that is added later tells states apart at once. Of addresses it counts only
 * which is which, and in which order the packs lie.
 *
 * @param live what was allocated and not freed
 */
export function allocatorState(packs: PacksView, live: readonly Taken[]): string {
  const names = new Map<Va, string>();
  const name = (va: Va): string => {
    const known = names.get(va) ?? `@${names.size}`;
    names.set(va, known);
    return known;
  };
  const plain = (key: string, value: unknown): unknown => {
    if (key === "machine" || typeof value === "function") return undefined;
    if (typeof value === "number" && value >= LEAST_ADDRESS) return name(value);
    return ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set
      ? [...(value as Uint8Array | Map<unknown, unknown> | Set<unknown>)]
      : value;
  };
  const fields = JSON.stringify(packs, plain);
  const places = live.map(({ at, bytes }) => {
    const pack = packs.packOf(at);
    return pack === undefined ? `${bytes}` : `${name(pack.base)}.${at - pack.base}+${bytes}`;
  });
  const order = packs.packs.map(({ base }) => base).toSorted((a, b) => a - b);
  return `${fields} ${places.sort().join(" ")} ${order.map(name).join(" ")}`;
}
