// Constants of 64 bits, which take two slots: a number, or where a map or its values lie.

import { MAP_BYTES, MAP_COUNT, MAP_OBJECT, MAP_VALUES, MAPS, REGISTERS } from "../layout";
import { length, slots } from "./frames";

/** @returns false if there is no second slot or no such map */
export function loadWide(first: u64, pc: u32): bool {
  if (pc + 1 >= length) return false;
  const second = load<u64>(slots + ((<usize>(pc + 1)) << 3));
  if ((<u32>second & 0xff) != 0) return false;
  const low = <u32>(first >> 32);
  const high = <i32>(second >> 32);
  const dst = (<u32>first >> 8) & 15;
  const source = (<u32>first >> 12) & 15;
  let value: u64;
  if (source == 0) value = ((<u64>(<u32>high)) << 32) | <u64>low;
  else {
    const isValue = source == 2 || source == 6;
    if (!isValue && source != 1 && source != 5) return false;
    if (low >= load<u32>(MAP_COUNT)) return false;
    const map = <usize>MAPS + <usize>low * MAP_BYTES;
    value = isValue ? load<u64>(map, MAP_VALUES) + <i64>high : load<u64>(map, MAP_OBJECT);
  }
  store<u64>((<usize>dst) << 3, value, REGISTERS);
  return true;
}
