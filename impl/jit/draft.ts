// The words of the first pass. Most instructions come out the same in every pass, so that the pass that writes takes them
// from here, and lowers again only what depends on where something lies.

import type { Emitter } from "./emitter.js";

/** Slots and words of all but the largest functions. */
const ROOM = 1 << 14;
const words = new Uint32Array(ROOM);
const offsets = new Int32Array(ROOM);
/** Whose they are: of the function that was measured last. */
let owner: Emitter | undefined;

export interface Draft {
  readonly words: Uint32Array;
  /** Word index of each slot, and of the epilogue at the end. */
  readonly offsets: Int32Array;
}
const DRAFT: Draft = { words, offsets };

/** Where the first pass puts its words; what is beyond its end is lost. */
export function beginDraft(): Uint32Array {
  owner = undefined;
  return words;
}

/** The first pass over the body is over. */
export function keepDraft(e: Emitter): void {
  if (e.words > ROOM || e.offsets.length > ROOM || e.refused !== undefined) return;
  offsets.set(e.offsets);
  owner = e;
}

/** Undefined: it has to be lowered again. */
export const draftOf = (e: Emitter): Draft | undefined => (owner === e ? DRAFT : undefined);
