// Constants of 64 bits, which take two slots: a number, or where a map or its values lie.

import { MAP_BYTES, MAP_OBJECT, MAP_VALUES, MAPS, REGISTERS } from "../layout";
import { slots } from "./frames";

export function loadWide(first: u64, pc: u32): void {
  const second = load<u64>(slots + ((<usize>(pc + 1)) << 3));
  const low = <u32>(first >> 32);
  const high = <i32>(second >> 32);
  const dst = (<u32>first >> 8) & 15;
  store<u64>((<usize>dst) << 3, valueOf((<u32>first >> 12) & 15, low, high), REGISTERS);
}

function valueOf(source: u32, low: u32, high: i32): u64 {
  if (source == 0) return ((<u64>(<u32>high)) << 32) | <u64>low;
  const map = <usize>MAPS + <usize>low * MAP_BYTES;
  return source == 2 || source == 6 ? load<u64>(map, MAP_VALUES) + <i64>high : load<u64>(map, MAP_OBJECT);
}
