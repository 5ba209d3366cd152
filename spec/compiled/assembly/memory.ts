// The memory of a program: regions by full 64-bit address. An access lies wholly within one of them or it is bad.

import {
  BAD as NOWHERE, CONTEXT_REGION, FIELDS, REGION_BASE, REGION_BYTES, REGION_COUNT, REGION_FIELDS, REGION_PLACE,
  REGION_READ_ONLY, REGION_SIZE, REGION_WRITTEN, REGIONS,
} from "../layout";

/** No place. */
export const BAD: usize = NOWHERE;

/** The region of the last access: most accesses hit it again. */
let last: usize = REGIONS;

// @ts-ignore: decorator
@inline
function contains(region: usize, address: u64, size: u32): bool {
  const bytes = load<u32>(region, REGION_SIZE);
  return bytes >= size && address - load<u64>(region, REGION_BASE) <= <u64>(bytes - size);
}

/** The region of an access, or BAD. */
// @ts-ignore: decorator
@inline
function regionOf(address: u64, size: u32): usize {
  return contains(last, address, size) ? last : find(address, size);
}

function find(address: u64, size: u32): usize {
  const end = <usize>REGIONS + <usize>load<u32>(REGION_COUNT) * REGION_BYTES;
  for (let region: usize = REGIONS; region < end; region += REGION_BYTES) {
    if (!contains(region, address, size)) continue;
    last = region;
    return region;
  }
  return BAD;
}

/** Where an access reads, or BAD. */
// @ts-ignore: decorator
@inline
export function readable(address: u64, size: u32): usize {
  const region = regionOf(address, size);
  if (region == BAD || load<u32>(region, REGION_FIELDS) != 0) return BAD;
  const offset = <usize>(address - load<u64>(region, REGION_BASE));
  const written = <usize>load<u32>(region, REGION_WRITTEN);
  if (written != 0 && !isWritten(written + offset, size)) return BAD;
  return <usize>load<u32>(region, REGION_PLACE) + offset;
}

function isWritten(marks: usize, size: u32): bool {
  for (let i: usize = 0; i < <usize>size; i++) if (load<u8>(marks + i) == 0) return false;
  return true;
}

/** Where an access writes, or BAD. */
// @ts-ignore: decorator
@inline
export function writable(address: u64, size: u32): usize {
  const region = regionOf(address, size);
  if (region == BAD || load<u32>(region, REGION_FIELDS) != 0 || load<u32>(region, REGION_READ_ONLY) != 0) return BAD;
  const offset = <usize>(address - load<u64>(region, REGION_BASE));
  const written = <usize>load<u32>(region, REGION_WRITTEN);
  if (written != 0) memory.fill(written + offset, 1, <usize>size);
  return <usize>load<u32>(region, REGION_PLACE) + offset;
}

const CONTEXT_PLACE: usize = REGIONS + CONTEXT_REGION * REGION_BYTES + REGION_PLACE;

/** The field that an access of so many bytes is to, as its table says; 0 for none. */
export function fieldOf(address: u64, size: u32, isStore: bool): u32 {
  const region = regionOf(address, size);
  if (region == BAD || load<u32>(region, REGION_FIELDS) == 0) return 0;
  const offset = <u32>(address - load<u64>(region, REGION_BASE));
  const entry = (((offset << 2) | <u32>ctz(size)) << 1) | <u32>isStore;
  return load<u32>(<usize>entry << 2, FIELDS);
}

/** Where a field lies. */
export function placeOf(field: u32): usize {
  return <usize>load<u32>(CONTEXT_PLACE) + <usize>(field & 0xffff);
}
