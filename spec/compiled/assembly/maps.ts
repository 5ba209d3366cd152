// The operations of maps, with the results of Linux. A new key of a hash map takes the lowest free slot.

import {
  ARRAY,
  HASH,
  MAP_BYTES,
  MAP_COUNT,
  MAP_ENTRIES,
  MAP_KEY_BYTES,
  MAP_OBJECT,
  MAP_PLACE,
  MAP_SORT,
  MAP_STATE,
  MAP_STRIDE,
  MAP_VALUE_BYTES,
  MAP_VALUES,
  MAPS,
} from "../layout";
import { BAD } from "./memory";

const ENOENT: i64 = -2;
const E2BIG: i64 = -7;
const EEXIST: i64 = -17;
const EINVAL: i64 = -22;
const NOEXIST: u64 = 1;
const EXIST: u64 = 2;
const LOCK: u64 = 4;
const NONE: u32 = 0xffff_ffff;

/** The map whose object lies at an address, or BAD. */
export function mapAt(address: u64): usize {
  const end = <usize>MAPS + <usize>load<u32>(MAP_COUNT) * MAP_BYTES;
  for (let map: usize = MAPS; map < end; map += MAP_BYTES) if (load<u64>(map, MAP_OBJECT) == address) return map;
  return BAD;
}

/** The array or hash map whose object lies at an address, or BAD. */
export function valueMapAt(address: u64): usize {
  const map = mapAt(address);
  // Whatever lies at BAD, BAD is what is given then.
  return load<i32>(map, MAP_SORT) <= HASH ? map : BAD;
}

function isArray(map: usize): bool {
  return load<u32>(map, MAP_SORT) == ARRAY;
}

/** The slot that holds a key, or NONE. */
function slotOf(map: usize, key: usize): u32 {
  const entries = load<u32>(map, MAP_ENTRIES);
  if (isArray(map)) {
    const index = load<u32>(key);
    return index < entries ? index : NONE;
  }
  const state = <usize>load<u32>(map, MAP_STATE);
  const bytes = <usize>load<u32>(map, MAP_KEY_BYTES);
  for (let slot: u32 = 0; slot < entries; slot++) {
    if (load<u8>(state + slot) == 0) continue;
    if (memory.compare(state + entries + <usize>slot * bytes, key, bytes) == 0) return slot;
  }
  return NONE;
}

function freeSlot(map: usize): u32 {
  const entries = load<u32>(map, MAP_ENTRIES);
  const state = <usize>load<u32>(map, MAP_STATE);
  for (let slot: u32 = 0; slot < entries; slot++) if (load<u8>(state + slot) == 0) return slot;
  return NONE;
}

/** The address of the key's value, or 0. */
export function lookup(map: usize, key: usize): u64 {
  const slot = slotOf(map, key);
  return slot == NONE ? 0 : load<u64>(map, MAP_VALUES) + <u64>slot * <u64>load<u32>(map, MAP_STRIDE);
}

export function update(map: usize, key: usize, value: usize, flags: u64): i64 {
  if ((flags & ~LOCK) > EXIST) return EINVAL;
  return isArray(map) ? updateArray(map, key, value, flags) : updateHash(map, key, value, flags);
}

function updateArray(map: usize, key: usize, value: usize, flags: u64): i64 {
  const slot = slotOf(map, key);
  if (slot == NONE) return E2BIG;
  if ((flags & NOEXIST) != 0) return EEXIST;
  if ((flags & LOCK) != 0) return EINVAL;
  put(map, slot, value);
  return 0;
}

function updateHash(map: usize, key: usize, value: usize, flags: u64): i64 {
  if ((flags & LOCK) != 0) return EINVAL;
  let slot = slotOf(map, key);
  if (slot != NONE) {
    if (flags == NOEXIST) return EEXIST;
  } else {
    if (flags == EXIST) return ENOENT;
    slot = freeSlot(map);
    if (slot == NONE) return E2BIG;
  }
  put(map, slot, value);
  const state = <usize>load<u32>(map, MAP_STATE);
  const bytes = <usize>load<u32>(map, MAP_KEY_BYTES);
  store<u8>(state + slot, 1);
  memory.copy(state + <usize>load<u32>(map, MAP_ENTRIES) + <usize>slot * bytes, key, bytes);
  return 0;
}

function put(map: usize, slot: u32, value: usize): void {
  const to = <usize>load<u32>(map, MAP_PLACE) + <usize>slot * <usize>load<u32>(map, MAP_STRIDE);
  memory.copy(to, value, <usize>load<u32>(map, MAP_VALUE_BYTES));
}

export function remove(map: usize, key: usize): i64 {
  if (isArray(map)) return EINVAL;
  const slot = slotOf(map, key);
  if (slot == NONE) return ENOENT;
  store<u8>(<usize>load<u32>(map, MAP_STATE) + slot, 0);
  return 0;
}
