// Loads and stores: from a 64-bit address to a place in a page frame, with every rule checked. What hits a translation
// buffer and lies plainly inside its page and the frame of the stack goes through `near`; all else is judged at leisure.

import {
  BOUNCE,
  CODE,
  DATA_TLB_ENTRIES,
  FRAME_FLAGS,
  PENDING,
  PENDING_END,
  PENDING_FROM,
  PENDING_WRITE,
  READ_TLB,
  REGS,
  STACK_POINTER,
  STOP_CALLERS_FRAME,
  STOP_CODE,
  STOP_LOAD_BELOW_SP,
  STOP_NOTE,
  STOP_PAUSE,
  STOP_READ_UNMAPPED,
  STOP_STORE_BELOW_SP,
  STOP_WRITE_PROTECTED,
  STOP_WRITE_UNMAPPED,
  TRACKED,
  WRITABLE,
  WRITE_TLB,
} from "../layout";
import { stop } from "./check";
import { follow, following, forgetFollowed, GRANULE_MASK, NO_PAGE } from "./following";
import { forgetIfOverlapping } from "./monitor";

/** @returns the place of the page's frame, with its flags; 0 if nothing is mapped there. */
// @ts-ignore: decorator
@external("host", "translate")
declare function translate(page: f64): u32;

export const TOP_16: u64 = 0xffff_0000_0000_0000;
const SP: usize = REGS + STACK_POINTER * 8;
const TLB_MASK: usize = DATA_TLB_ENTRIES - 1;
const GRANULE_SHIFT: u64 = 12;

export let pageShift: u64 = 12;
export let pageMask: u64 = ~0xfff;
/** [stackLow, stackEnd) is the stack up to the end of its last page, which from `stackTop` on is the caller's. */
let stackLow: u64 = 0;
let stackTop: u64 = 0;
let stackEnd: u64 = 0;
/** Where an access must begin to touch that range: at most 15 bytes before it. */
let windowLow: u64 = 0;
let windowBytes: u64 = 0;
/** Stop before every store. */
let pausesAtStores: bool = false;
/** Stop before everything that the machine must be told of. */
let isCareful: bool = false;
/** Stop before stores to what may be decoded. */
let stopsAtCode: bool = false;

export function setStack(low: u64, top: u64, shift: u32): void {
  pageShift = shift;
  pageMask = ~((<u64>1 << shift) - 1);
  stackLow = low;
  stackTop = top;
  stackEnd = (top + ~pageMask) & pageMask;
  windowLow = low - 15;
  windowBytes = stackEnd - windowLow;
}

/** Whoever asks for the first must also forget translations. */
export function stopBefore(stores: bool, notes: bool, code: bool): void {
  pausesAtStores = stores;
  isCareful = notes;
  stopsAtCode = code;
  forgetFollowed();
}

/** Of a few pages, or of all that lie in a range. */
export function forgetWithin(from: u64, bytes: u64): void {
  forgetFollowed();
  if (bytes >> GRANULE_SHIFT <= TLB_MASK) {
    for (let granule = from; granule - from < bytes; granule += 1 << GRANULE_SHIFT) forgetAt(entryAt(granule), granule, 1);
  } else for (let i: usize = 0; i <= TLB_MASK; i++) forgetAt(i << 4, from, bytes);
}

function forgetAt(at: usize, from: u64, bytes: u64): void {
  if (load<u64>(<usize>READ_TLB + at) - from < bytes) store<u64>(<usize>READ_TLB + at, NO_PAGE);
  if (load<u64>(<usize>WRITE_TLB + at) - from < bytes) store<u64>(<usize>WRITE_TLB + at, NO_PAGE);
}

/** Stack, heap and data lie at round addresses, which differ in their higher bits only. */
// @ts-ignore: decorator
@inline
function entryAt(address: u64): usize {
  return (<usize>((address >> GRANULE_SHIFT) ^ (address >> (2 * GRANULE_SHIFT))) & TLB_MASK) << 4;
}

export function forgetTranslations(): void {
  forgetFollowed();
  for (let i: usize = 0; i <= TLB_MASK; i++) {
    store<u64>(<usize>READ_TLB + (i << 4), NO_PAGE);
    store<u64>(<usize>WRITE_TLB + (i << 4), NO_PAGE);
  }
}

/** Where the bytes lie if nothing needs a closer look, else 0. */
// @ts-ignore: decorator
@inline
export function near<Source>(tlb: usize, address: u64, bytes: u64): usize {
  // Kernel code has no frame that is looked after.
  if (!isFloat<Source>() && address - windowLow < windowBytes) {
    if (address < (load<u64>(SP) | TOP_16) || address + bytes > stackTop) return 0;
  }
  const entry = tlb + entryAt(address);
  if (load<u64>(entry) != ((address + (bytes - 1)) & GRANULE_MASK)) return 0;
  return load<u32>(entry, 8) + <u32>address;
}

/** Where the bytes to load lie, or 0 if they may not be; then the instruction stops. */
// @ts-ignore: decorator
@inline
export function readable<Source>(address: u64, bytes: u64): usize {
  const place = near<Source>(READ_TLB, address, bytes);
  return place != 0 ? place : farReadable(address, <u32>bytes);
}

/** @returns false if the instruction stops. */
// @ts-ignore: decorator
@inline
export function storeTo<Source, T>(address: u64, value: T): bool {
  const bytes: u64 = sizeof<T>();
  const place = near<Source>(WRITE_TLB, address, bytes);
  if (place != 0) store<T>(place, value);
  else if (!farStore(address, <u32>bytes, <u64>value)) return false;
  forgetIfOverlapping(address, bytes);
  return true;
}

/** Two halves of one aligned block, stored as one. @returns false if the instruction stops. */
export function storeBoth<Source, T>(address: u64, first: T, second: T): bool {
  const bytes: u64 = 2 * sizeof<T>();
  const place = near<Source>(WRITE_TLB, address, bytes);
  const target = place != 0 ? place : farWritable(address, <u32>bytes);
  if (target == 0) return false;
  store<T>(target, first);
  store<T>(target + sizeof<T>(), second);
  forgetIfOverlapping(address, bytes);
  return true;
}

/** Where a block within a page is stored, or 0 if the instruction stops. */
function farWritable(address: u64, bytes: u32): usize {
  const behind = following(address, bytes);
  if (behind != 0) return behind;
  if (!frameAllows(address, bytes, true)) return 0;
  const frame = writable(address, address, bytes);
  return frame != 0 && mayStore(address, bytes, frame) ? place(frame, address) : 0;
}

function farReadable(address: u64, bytes: u32): usize {
  if (!frameAllows(address, bytes, false)) return 0;
  if ((address & ~GRANULE_MASK) + bytes > ~GRANULE_MASK + 1) return gather(address, bytes);
  const frame = open(address);
  if (frame == 0) {
    stop(STOP_READ_UNMAPPED, address, bytes);
    return 0;
  }
  return place(frame, address);
}

/** Bytes of two pages, put side by side. */
function gather(address: u64, bytes: u32): usize {
  for (let i: u32 = 0; i < bytes; i++) {
    const place = farReadable(address + i, 1);
    if (place == 0) return 0;
    store<u8>(BOUNCE + i, load<u8>(place));
  }
  return BOUNCE;
}

function farStore(address: u64, bytes: u32, value: u64): bool {
  const behind = following(address, bytes);
  if (behind != 0) {
    put(behind, bytes, value);
    return true;
  }
  if (!frameAllows(address, bytes, true)) return false;
  if ((address & ~GRANULE_MASK) + bytes > ~GRANULE_MASK + 1) return scatter(address, bytes, value);
  const place = farWritable(address, bytes);
  if (place == 0) return false;
  put(place, bytes, value);
  return true;
}

// @ts-ignore: decorator
@inline
function place(frame: usize, address: u64): usize {
  return (frame & ~FRAME_FLAGS) + <usize>(address & ~GRANULE_MASK);
}

function put(place: usize, bytes: u32, value: u64): void {
  switch (bytes) {
    case 1:
      store<u8>(place, <u8>value);
      break;
    case 2:
      store<u16>(place, <u16>value);
      break;
    case 4:
      store<u32>(place, <u32>value);
      break;
    default:
      store<u64>(place, value);
  }
}

/** Over the end of a page. Both pages must take it before any byte is written. */
function scatter(address: u64, bytes: u32, value: u64): bool {
  const last = address + bytes - 1;
  const low = writable(address, address, 1);
  const high: usize = low == 0 ? <usize>0 : writable(last, last, 1);
  if (high == 0 || !mayStore(address, bytes, low | (high & (TRACKED | CODE)))) return false;
  for (let i: u32 = 0; i < bytes; i++) {
    const at = address + i;
    store<u8>(place((at & GRANULE_MASK) == (address & GRANULE_MASK) ? low : high, at), <u8>(value >> (8 * i)));
  }
  return true;
}

/** The frame of the page with `at` and what it is, or 0 after a stop for `bytes` bytes at `address`. */
function writable(at: u64, address: u64, bytes: u32): usize {
  const page = at & GRANULE_MASK;
  const entry = <usize>READ_TLB + entryAt(page);
  const known = load<u64>(entry) == page;
  const frame: usize = known ? <usize>((load<u32>(entry, 8) + <u32>page) | load<u32>(entry, 12)) : open(at);
  if (frame & WRITABLE) return frame;
  stop(frame == 0 ? STOP_WRITE_UNMAPPED : STOP_WRITE_PROTECTED, address, bytes);
  return 0;
}

/** @returns false if the instruction stops before it stores. */
function mayStore(address: u64, bytes: u64, frame: usize): bool {
  if (pausesAtStores) {
    stop(STOP_PAUSE, address, <u32>bytes);
    return false;
  }
  if ((frame & TRACKED) == 0) return true;
  if ((frame & CODE) == 0 || !stopsAtCode) {
    if (!note(PENDING_WRITE, address, bytes)) return false;
    follow(address, frame);
    return true;
  }
  stop(STOP_CODE, address, <u32>bytes);
  return false;
}

/** Something for the machine to hear of, in one piece with what is pending; else the instruction stops. */
export function note(kind: u32, address: u64, bytes: u64): bool {
  const pending = load<u32>(PENDING);
  const end = address + bytes;
  if (isCareful || (pending != 0 && (pending != kind || address > load<u64>(PENDING_END) || end < load<u64>(PENDING_FROM)))) {
    stop(STOP_NOTE, address, <u32>bytes);
    return false;
  }
  if (pending == 0 || address < load<u64>(PENDING_FROM)) store<u64>(PENDING_FROM, address);
  if (pending == 0 || end > load<u64>(PENDING_END)) store<u64>(PENDING_END, end);
  store<u32>(PENDING, kind);
  return true;
}

/** Look the page up in the machine's table and keep the answer. */
function open(address: u64): usize {
  if (address < TOP_16) return 0;
  const page = address & GRANULE_MASK;
  const frame: usize = translate(<f64>(page - TOP_16));
  if (frame == 0) return 0;
  const at = entryAt(page);
  const distance = (<u32>frame & ~FRAME_FLAGS) - <u32>page;
  store<u64>(<usize>READ_TLB + at, page);
  store<u32>(<usize>READ_TLB + at, distance, 8);
  store<u32>(<usize>READ_TLB + at, frame & FRAME_FLAGS, 12);
  if ((frame & FRAME_FLAGS) == WRITABLE && !pausesAtStores) {
    store<u64>(<usize>WRITE_TLB + at, page);
    store<u32>(<usize>WRITE_TLB + at, distance, 8);
  }
  return frame;
}

/** Bytes of the stack below SP belong to nobody, as an interrupt may write there; those above its top to the caller. */
function frameAllows(address: u64, bytes: u32, stores: bool): bool {
  if (address < TOP_16 || address >= stackEnd || address + bytes <= stackLow) return true;
  if (address < stackTop && address < (load<u64>(SP) | TOP_16)) {
    stop(stores ? STOP_STORE_BELOW_SP : STOP_LOAD_BELOW_SP, address, bytes);
    return false;
  }
  if (stores && address + bytes > stackTop) {
    stop(STOP_CALLERS_FRAME, address, bytes);
    return false;
  }
  return true;
}
