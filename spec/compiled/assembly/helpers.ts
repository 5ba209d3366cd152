// The helpers that programs call most, by their number in the Linux UAPI, with the same deterministic state as those of
// `spec/bpf/helpers.ts`. All others are asked for.

import { CLOCK, FAULTED, MAP_KEY_BYTES, MAP_VALUE_BYTES, REGISTERS } from "../layout";
import { argument } from "./arguments";
import { askHelper } from "./asked";
import { lookup, remove, update, valueMapAt } from "./maps";
import { BAD, readable } from "./memory";
import { checksumDifference, currentName, probeRead, probeReadText } from "./probes";

let random: u64;

export function resetHelperState(): void {
  store<u64>(CLOCK, 1_000_000_000);
  random = 0x9e37_79b9_7f4a_7c15;
}

/** Five minutes before a counter of 32 bits would begin anew, at 250 a second. */
const JIFFIES: u64 = 0xffff_ffff - 75_000;

function readClock(): u64 {
  const now = load<u64>(CLOCK);
  store<u64>(CLOCK, now + 1000);
  return now;
}

/** @returns 0, or what ends the run */
export function callHelper(id: i32): u32 {
  switch (id) {
    case 1:
    case 2:
    case 3:
      return onMap(id);
    case 5:
    case 125:
    case 160:
    case 208:
      store<u64>(REGISTERS, readClock());
      return 0;
    case 7:
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      store<u64>(REGISTERS, random & 0xffff_ffff);
      return 0;
    case 4:
    case 113:
      return probeRead();
    case 45:
    case 115:
      return probeReadText(id);
    case 8:
    case 42:
      store<u64>(REGISTERS, 0);
      return 0;
    case 14:
      store<u64>(REGISTERS, (1234 << 32) | 1235);
      return 0;
    case 15:
      store<u64>(REGISTERS, (1000 << 32) | 1000);
      return 0;
    case 16:
      return currentName();
    case 28:
      return checksumDifference();
    case 35:
      store<u64>(REGISTERS, 0xffff_0000_0440_0000);
      return 0;
    case 46:
    case 80:
    case 122:
      store<u64>(REGISTERS, 1);
      return 0;
    case 118:
      store<u64>(REGISTERS, JIFFIES + readClock() / 4_000_000);
      return 0;
    case 195:
      if (<u32>argument(3) == 0) return onMap(1);
      store<u64>(REGISTERS, 0);
      return 0;
    default:
      return askHelper(id);
  }
}

function onMap(id: i32): u32 {
  const map = valueMapAt(argument(1));
  if (map == BAD) return askHelper(id);
  const key = readable(argument(2), load<u32>(map, MAP_KEY_BYTES));
  if (key == BAD) return FAULTED;
  if (id == 1) store<u64>(REGISTERS, lookup(map, key));
  else if (id == 3) store<i64>(REGISTERS, remove(map, key));
  else {
    const value = readable(argument(3), load<u32>(map, MAP_VALUE_BYTES));
    if (value == BAD) return FAULTED;
    store<i64>(REGISTERS, update(map, key, value, argument(4)));
  }
  return 0;
}
