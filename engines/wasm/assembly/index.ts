// What JavaScript calls. Registers and memory are in linear memory, where JavaScript sees them too; `go` and `goPaged` come
// back to it for whatever is not an instruction that completes on a known page. Addresses come as the low 48 bits in a
// float64.

import { FETCH_TLB, FETCH_TLB_ENTRIES, PAGED_TLB, PAGED_TLB_ENTRIES } from "../layout";
import { decode } from "./decode";
import { lands } from "./indirect";
import { loop } from "./loop";
import { forgetTranslations, forgetWithin, pageMask, pageShift, setStack, stopBefore, TOP_16 } from "./memory";
import { forgetReservation } from "./monitor";
import { Op, OP } from "./ops";
import { ByAddress, ByWord, entryOf, forgetRecord, passStop, recordOf, renewPage } from "./records";

export { forgetRecord, forgetReservation, forgetTranslations, lands, passStop, renewPage, stopBefore };

/** No page begins here. */
const NO_PAGE: u64 = 1;

/** A run of a program begins, or goes on after others have run. */
export function begin(stackLow: f64, stackTop: f64, pageShift: u32): void {
  setStack(<u64>stackLow + TOP_16, <u64>stackTop + TOP_16, pageShift);
  forgetReservation();
  forgetFetches();
}

function forgetFetches(): void {
  for (let i: usize = 0; i < <usize>FETCH_TLB_ENTRIES; i++) store<u64>(<usize>FETCH_TLB + (i << 4), NO_PAGE);
}

export function forgetPages(): void {
  for (let i: usize = 0; i < <usize>PAGED_TLB_ENTRIES; i++) store<u64>(<usize>PAGED_TLB + (i << 4), NO_PAGE);
}

/** Code on the page that begins at `va` may run; its frame lies at `frame`. */
export function allowFetch(va: f64, frame: usize): void {
  const page = <u64>va + TOP_16;
  const entry = entryOf<ByWord>(page);
  store<u64>(entry, page);
  store<u32>(entry, <u32>frame, 8);
}

/** The same, with records at `records`. */
export function allowPage(va: f64, frame: usize, records: usize): void {
  const page = <u64>va + TOP_16;
  const entry = entryOf<ByAddress>(page);
  store<u64>(entry, page);
  store<u32>(entry, <u32>frame, 8);
  store<u32>(entry, <u32>records, 12);
}

/** What is mapped in [va, va + bytes), which are whole pages, has changed. */
export function forgetRange(va: f64, bytes: f64): void {
  const from = <u64>va + TOP_16;
  const size = <u64>bytes;
  forgetWithin(from, size);
  if (<usize>(size >> pageShift) < <usize>PAGED_TLB_ENTRIES) {
    for (let page = from; page - from < size; page += ~pageMask + 1) {
      if (load<u64>(entryOf<ByAddress>(page)) == page) store<u64>(entryOf<ByAddress>(page), NO_PAGE);
    }
    return;
  }
  for (let i: usize = 0; i < <usize>PAGED_TLB_ENTRIES; i++) {
    const entry = <usize>PAGED_TLB + (i << 4);
    if (load<u64>(entry) - from < size) store<u64>(entry, NO_PAGE);
  }
}

/** Does the decoder know the word? */
export function knows(word: u32): bool {
  const record = recordOf(word);
  if (load<u8>(record, OP) == Op.RENEW) decode(word, record);
  return load<u8>(record, OP) != Op.UNKNOWN;
}

/** See `loop`. */
export function go(entry: f64, frame: usize, budget: u32): u32 {
  return loop<ByWord>(entry, frame, 0, budget);
}

export function goPaged(entry: f64, frame: usize, records: usize, budget: u32): u32 {
  return loop<ByAddress>(entry, frame, records, budget);
}
