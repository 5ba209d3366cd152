// flush-covers-writes: what is stored into text must be cleaned, then invalidated, then every CPU must synchronize, in this
// order and over every byte, once. Followed from the log alone; no-stale-fetch asks the machine.

import type { Va } from "../../machine/address.js";
import { LINE_BYTES } from "../../machine/coherence.js";
import { LITERAL_BYTES } from "../../spec/text/text.js";
import { hex, type Step, type TraceEvent, touched } from "../../subjects/step.js";
import { KERNEL_STEPS, type Oracle, together } from "./oracle.js";
import { holds, type Piece, type TextLog, textLog } from "./pokes.js";

export const flushCoversWrites: Oracle = {
  name: "flush-covers-writes",
  statement:
    "Every stored byte of text is cleaned, invalidated and synchronized on every CPU after its last store, by exactly one range flush a poke, at a cost in proportion to the program.",
  source: "linux v6.12 arch/arm64/kernel/patching.c, __text_poke(); the series, v4 to v6 of patch 3",
  about: KERNEL_STEPS,
  check(step) {
    const literals = step.patches.map(({ literal }) => literal);
    const log = textLog(step.events);
    return together(flushCountBreaches(step.events, literals), left(step, log, literals), cost(step, log));
  },
};

/** An address that code loads and nobody executes: fetches need not see it. */
const isLiteral = (literals: readonly Va[], { va, bytes }: { readonly va: Va; readonly bytes: number }): boolean =>
  bytes === LITERAL_BYTES && literals.includes(va);

/** Exactly one range flush a poke, after its lock is released; none for one instruction or one literal. */
export function flushCountBreaches(events: readonly TraceEvent[], literals: readonly Va[] = []): readonly string[] {
  const breaches: string[] = [];
  for (const { isLocked, held, stores, flushes } of textLog(events).pokes) {
    const needsFlush = isLocked && !holds(held, "textMutex") && !stores.some((store) => isLiteral(literals, store));
    for (const { va, bytes, isUnderLock } of flushes) {
      if (isUnderLock) breaches.push("a flush under patchLock, with interrupts off");
      if (!needsFlush) breaches.push(`a flush of ${hex(va)}+${bytes}, where nothing was stored`);
    }
    const { length } = flushes;
    if (needsFlush && length !== 1 && (length > 1 || stores.length > 0)) {
      breaches.push(`${length} flushes after a poke, expected 1`);
    }
  }
  return breaches;
}

/** What did not come to its end before the next poke, or before the end of textMutex. */
function left({ scene }: Step, { pokes }: TextLog, literals: readonly Va[]): readonly string[] {
  const everyCpu = 2 ** scene.machine.cpus - 1;
  const breaches: string[] = [];
  for (const { pieces, isSingle } of pokes) {
    for (const { store, from, to, cacheState, synced } of pieces) {
      // A single instruction: this CPU sees it; the others may see either version (poke-atomic).
      if (cacheState === "invalidated" && (isSingle || synced === everyCpu)) continue;
      if (!isLiteral(literals, store)) breaches.push(`${to - from} bytes at ${hex(from)} were ${WORDS[cacheState]}`);
    }
  }
  return breaches;
}

const WORDS: Readonly<Record<Piece["cacheState"], string>> = {
  stored: "written and never cleaned from the data cache",
  cleaned: "cleaned from the data cache and never invalidated in the instruction cache",
  invalidated: "invalidated in the instruction cache, but not every CPU synchronized after that",
};

/** Pokes a function or a trampoline may take: a publication, or a size and an invalidation, or both. */
const POKES_A_FUNCTION = 3;
/** The word at an entry, the address that its long jump leads to, and the word that releases a trampoline. */
const POKES_A_PATCH = 3;
const BYTES_A_PATCH = 16;
/** Stores of whole regions that a load which fails may take: one that failed, one that undid it. */
const STORES_OF_A_FAILED_LOAD = 2;

function sum(spans: readonly { readonly bytes: number }[]): number {
  let all = 0;
  for (const { bytes } of spans) all += bytes;
  return all;
}

function cost(step: Step, { pokes, cleanedBytes, allocations }: TextLog): readonly string[] {
  const { result } = step;
  const patches = step.patches.length + step.skips.length;
  const regions = touched(step);
  const failed = result.kind === "refused" || (result.kind === "attached" && result.error !== 0) ? result : undefined;
  const functions =
    failed?.kind === "refused" ? failed.functions.length + failed.given.length : Math.max(1, regions.length);
  const bytes = failed === undefined ? sum(regions) : (failed.bytes ?? Number.POSITIVE_INFINITY);
  const breaches: string[] = [];
  const made = pokes.filter(({ isLocked }) => isLocked).length;
  const mostPokes = functions * POKES_A_FUNCTION + patches * POKES_A_PATCH;
  if (made > mostPokes) breaches.push(`${made} pokes for ${functions} functions, expected at most ${mostPokes}`);
  const sizes = functions * 4;
  const most = (failed === undefined ? bytes : STORES_OF_A_FAILED_LOAD * bytes + sizes) + BYTES_A_PATCH * patches;
  const stored = pokes.reduce((all, { stores }) => all + sum(stores), 0);
  if (stored > most) {
    breaches.push(`${stored} bytes were stored into text for ${bytes} bytes of programs, expected at most ${most}`);
  }
  // Memory that is mapped in this step is flushed as a whole.
  const newRoom = sum(allocations.filter(({ kind }) => kind === "alloc"));
  // Of a trampoline that stays, words change that may lie in a line each.
  if (cleanedBytes > 2 * (most + bytes) + newRoom + LINE_BYTES * step.skips.length) {
    breaches.push(`${cleanedBytes} bytes were cleaned for ${bytes} bytes of programs`);
  }
  return breaches;
}
