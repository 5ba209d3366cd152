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
  readonly state: string | undefined;
  /** What shows it, if the history alone does not. */
  readonly shownBy?: AllocFreeHistory;
}

/** Tries histories, those that differ only in their last step one after the other. */
export interface HistoryChecker {
  /** @param start all steps but the last; @param mostPacks the state is asked for where there are no more of them */
  try(start: AllocFreeHistory, last: Step, mostPacks: number): TriedHistory;
  /** No other history comes. @returns what is wrong in the end, and what has shown it */
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
  const names: Va[] = [];
  const name = (va: Va): string => {
    const at = names.indexOf(va);
    return `@${at < 0 ? names.push(va) - 1 : at}`;
  };
  const parts: unknown[] = [];
  const add = (value: unknown): void => {
    if (typeof value === "number") parts.push(value < LEAST_ADDRESS ? value : name(value));
    else if (typeof value !== "object" || value === null) parts.push(typeof value === "function" ? "" : value);
    else {
      parts.push("(");
      if (isList(value)) for (const one of value) add(one);
      else for (const key in value) if (key !== "machine") add((value as Record<string, unknown>)[key]);
      parts.push(")");
    }
  };
  // What a kernel image remembers lies in its own memory: its packs say it themselves.
  add((packs as { toJSON?(): unknown }).toJSON?.() ?? packs);
  const places = live.map(({ at, bytes }) => {
    const pack = packs.packOf(at);
    return pack === undefined ? `${bytes}` : `${name(pack.base)}.${at - pack.base}+${bytes}`;
  });
  parts.push(...places.sort());
  const order = packs.packs.map(({ base }) => base).sort((a, b) => a - b);
  parts.push(...order.map(name));
  return parts.join();
}

const isList = (value: object): value is Iterable<unknown> =>
  Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set;
