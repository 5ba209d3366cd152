// The passes over one function. Pass 1 has no image and finds its size; pass 2 knows the addresses and settles where
// everything lies; pass 3 writes. A function of several is emitted a second time when all addresses are known: that
// round may only shrink. Where the memory comes from, and what becomes of it, is the caller's business.

import { FILL, refusalName } from "../a64/word.js";
import { buildBody, finishBody, moveBody } from "./body.js";
import { beginDraft, draftOf, keepDraft } from "./draft.js";
import { CONDITION_REACH, Emitter } from "./emitter.js";
import type { JitEnv } from "./env.js";
import { buildEpilogue, buildPlt, PLT_LITERAL_BYTES } from "./epilogue.js";
import type { JitError } from "./error.js";
import { ENTRY_BYTES } from "./exception-table.js";
import type { JitFunction } from "./function.js";
import { buildPrologue } from "./prologue.js";

/** What pass 1 found out, and the state that the later passes carry on with. One for each compilation of a function. */
export interface Sized {
  /** Bytes to allocate: words, the jump's literal and the exception table. */
  readonly imageBytes: number;
  /** Byte offset of the exception table in the image; a multiple of 4. */
  readonly tableBytes: number;
  /** Entries of the exception table. */
  readonly entries: number;
  readonly emitter: Emitter;
  /** Words of the first round, once there was one. */
  emittedWords: number | undefined;
}
type Measured = { readonly ok: true; readonly sized: Sized } | { readonly ok: false; readonly error: JitError };

interface Emitted {
  readonly ok: true;
  /** Without the jump's literal and the exception table. */
  readonly jitedBytes: number;
  /** Word offset of each BPF slot, and of the epilogue at the end. The next round changes it in place. */
  readonly offsets: Int32Array;
}
type EmitResult = Emitted | { readonly ok: false; readonly error: JitError };

/** Pass 1: how much memory the function needs at most. */
export function measure(fn: JitFunction, env: JitEnv): Measured {
  const e = new Emitter(fn, env);
  e.draft(beginDraft());
  buildPrologue(e);
  if (e.error === undefined) buildBody(e);
  if (e.error !== undefined) return { ok: false, error: e.error };
  keepDraft(e);
  e.epilogue = e.words;
  buildEpilogue(e);
  buildPlt(e);
  e.tableBytes = e.words * 4 + PLT_LITERAL_BYTES;
  const imageBytes = e.tableBytes + e.faulting * ENTRY_BYTES;
  return {
    ok: true,
    sized: { imageBytes, tableBytes: e.tableBytes, entries: e.faulting, emitter: e, emittedWords: undefined },
  };
}

/**
 * Passes 2 and 3, into `image`: `sized.imageBytes` bytes of read-write memory on a 4-byte boundary, full of the fill word
 * when the first round begins and left alone until the second.
 *
 * @param roImage low 48 bits of the address that the image will run at; a multiple of 8, or of 4 with that defect
 * @param addresses low 48 bits of the address of each function by index: given in the second round only
 * @throws RangeError if the image or the address is not as said: a slip of the caller's
 */
export function emit(
  sized: Sized,
  image: Uint8Array,
  roImage: number,
  addresses: readonly number[] | undefined,
): EmitResult {
  const alignment = sized.emitter.env.quirks.imageAlignedToWord ? 4 : 8;
  if (image.length !== sized.imageBytes || image.byteOffset % 4 !== 0 || roImage % alignment !== 0) {
    throw new RangeError(
      `image of ${image.length} bytes at offset ${image.byteOffset} for address ${roImage}, ` +
        `expected ${sized.imageBytes} bytes at a multiple of 4 for a multiple of ${alignment}`,
    );
  }
  const e = sized.emitter;
  // Addresses of functions are all that the second round brings.
  if (sized.emittedWords !== undefined && !e.namesFunction) {
    return { ok: true, jitedBytes: e.words * 4, offsets: e.offsets };
  }
  const words = new Uint32Array(image.buffer, image.byteOffset, image.length / 4);
  if (sized.emittedWords !== undefined && !e.env.quirks.staleTail) words.fill(FILL);
  e.attach(words, roImage, addresses);
  const error = passes(e) ?? validate(e) ?? grown(e, sized.emittedWords);
  if (error !== undefined) return { ok: false, error };
  sized.emittedWords = e.words;
  return { ok: true, jitedBytes: e.words * 4, offsets: e.offsets };
}

function passes(e: Emitter): JitError | undefined {
  e.pass(0, true);
  buildPrologue(e);
  if (e.isAboutPlace) settle(e);
  if (e.error === undefined) writeBody(e);
  if (e.error !== undefined) return e.error;
  if (e.words !== e.epilogue) return { kind: "bodyMoved", words: e.words, expected: e.epilogue };
  buildEpilogue(e);
  buildPlt(e);
  return undefined;
}

/**
 * Pass 2: where everything lies. For code that takes the same words anywhere, pass 1 has found that out. Of a body in which
 * branches may be out of reach all is lowered again: with the longer calls of pass 1 they are refused.
 */
function settle(e: Emitter): void {
  const bodyStart = e.words;
  e.pass(bodyStart, false);
  if (e.epilogue < CONDITION_REACH) moveBody(e);
  else buildBody(e);
  e.epilogue = e.words;
  e.pass(bodyStart, true);
}

function writeBody(e: Emitter): void {
  const draft = draftOf(e);
  if (draft === undefined) buildBody(e);
  else finishBody(e, draft);
}

function validate(e: Emitter): JitError | undefined {
  const word = e.firstFill();
  if (word >= 0) {
    const why = e.refused?.word === word ? refusalName(e.refused.why) : undefined;
    return { kind: "refusedEncoding", word, pc: slotOfWord(e.offsets, word), why };
  }
  if (e.entries !== e.faulting) return { kind: "exceptionEntries", written: e.entries, expected: e.faulting };
  return undefined;
}

const grown = (e: Emitter, before: number | undefined): JitError | undefined =>
  before !== undefined && e.words > before ? { kind: "extraPassGrew", words: e.words, expected: before } : undefined;

/** The slot that a word was emitted for, or undefined for prologue and epilogue. */
export function slotOfWord(offsets: Int32Array, word: number): number | undefined {
  if (word < (offsets[0] ?? 0) || word >= (offsets.at(-1) ?? 0)) return undefined;
  let low = 0;
  let high = offsets.length - 1;
  // The last slot that begins at or before the word.
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) <= word) low = middle;
    else high = middle;
  }
  return low;
}
