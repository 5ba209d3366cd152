// Where decoded words are kept: by a hash of the word, or by the word's address. A record says which word it is of. One by
// word is made anew if that is another; those of a page by address, when the page is opened again.

import {
  DECODED, DECODED_BITS, FETCH_TLB, FETCH_TLB_ENTRIES, PAGED_TLB, PAGED_TLB_ENTRIES, RECORD_BYTES_PER_BYTE,
} from "../layout";
import { decode } from "./decode";
import { pageMask, pageShift } from "./memory";
import { Op, OP } from "./ops";

const FETCH_MASK: usize = FETCH_TLB_ENTRIES - 1;
const PAGED_MASK: usize = PAGED_TLB_ENTRIES - 1;

/** Where records come from. The two are types, as that is what the compiler makes copies of a function for. */
export type ByWord = i32;
export type ByAddress = f64;

// @ts-ignore: decorator
@inline
export function entryOf<Source>(page: u64): usize {
  if (isFloat<Source>()) return <usize>PAGED_TLB + ((<usize>(page >> pageShift) & PAGED_MASK) << 4);
  return <usize>FETCH_TLB + ((<usize>(page >> pageShift) & FETCH_MASK) << 4);
}

/** Words share places. */
// @ts-ignore: decorator
@inline
export function recordOf(word: u32): usize {
  const record: usize = <usize>DECODED + (((word * 0x9e37_79b1) >> (32 - DECODED_BITS)) << 4);
  if (load<u32>(record) != word) decode(word, record);
  return record;
}

/** Forget the records of a page whose words are not those in memory any more. */
export function renewPage(records: usize, frame: usize): void {
  const pageBytes: usize = <usize>~pageMask + 1;
  for (let offset: usize = 0; offset < pageBytes; offset += 4) {
    const record = records + (offset << 2);
    if (load<u32>(record) != load<u32>(frame + offset)) store<u8>(record, Op.RENEW, OP);
  }
}

// @ts-ignore: decorator
@inline
function maskOf(offset: u32): u8 {
  return <u8>(<u32>1 << ((offset >> 2) & 7));
}

/** Behind the records: a bit for each word at which to stop, and one for each that was executed. */
export function prepare(record: usize, records: usize, offset: u32, word: u32): void {
  const pageBytes: usize = <usize>~pageMask + 1;
  const bits = records + pageBytes * RECORD_BYTES_PER_BYTE + (offset >> 5);
  const mask = maskOf(offset);
  decode(word, record);
  if (load<u8>(bits) & mask) store<u8>(record, Op.STOP, OP);
  else store<u8>(bits + pageBytes / 32, load<u8>(bits + pageBytes / 32) | mask);
}

/** Forget what is known of a word, as its stop has come or gone. */
export function forgetRecord(records: usize, offset: u32): void {
  store<u8>(records + (offset << 2), Op.RENEW, OP);
}

/** Let the word at `offset` be executed once though it is a stop: `forgetRecord` makes it one again. */
export function passStop(records: usize, offset: u32, word: u32): void {
  const pageBytes: usize = <usize>~pageMask + 1;
  const executed = records + pageBytes * RECORD_BYTES_PER_BYTE + pageBytes / 32 + (offset >> 5);
  store<u8>(executed, load<u8>(executed) | maskOf(offset));
  decode(word, records + (offset << 2));
}
