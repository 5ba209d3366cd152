// Where in somebody's kernel a case fails, as plain data for all reports: the functions by name, and the machine's events of
// the failing step, a line or two each.

import { pointer } from "../machine/address.js";
import type { InKernel } from "../properties/in-kernel.js";
import { hex64 } from "../spec/bits.js";
import { formatEvent, placesOf } from "./format/event.js";

export interface KernelPlace {
  /** Innermost function first. */
  readonly place: string;
  /** Index of the event that it is about. */
  readonly event?: number;
  /** Or of the words that were made there. */
  readonly events: readonly string[];
}

/** Lines of events that are kept: the last ones, before which nothing has failed. */
const MOST_EVENTS = 300;

function kernelPlace(found: InKernel): KernelPlace {
  if (found.kind === "words") {
    const { place, of, words } = found;
    return { place, events: words.length === 0 ? [] : [`words of ${of}`, ...words.map(wordLine)] };
  }
  const { place, at, events, places, step } = found;
  const nameOf = step === undefined ? () => undefined : placesOf(step);
  const lines = events.map((event, i) => formatEvent(event, i, nameOf, places[i]));
  const missing = lines.length - MOST_EVENTS;
  return {
    place,
    ...(at === undefined ? {} : { event: at }),
    events: missing <= 0 ? lines : [`and ${missing} events before these`, ...lines.slice(missing)],
  };
}

const wordLine = ({ va, text, place }: (InKernel & { readonly kind: "words" })["words"][number]): string =>
  `  ${hex64(pointer(va))}  ${text}${place === undefined ? "" : `\n${" ".repeat(14)}in the kernel's own code: ${place}`}`;

/** It must not take a finding with it: whatever is thrown, nothing is known. */
export function kernelPlaceOrNone(find: () => InKernel | undefined): KernelPlace | undefined {
  try {
    const found = find();
    return found && kernelPlace(found);
  } catch {
    return undefined;
  }
}
