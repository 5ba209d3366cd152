// Where instructions lie, as an instruction array says it. Each witness has them at places of its own, so that a program may
// go there and nothing else: the interpreter's stand for a code and a slot.

import { type U64, u64 } from "../bits.js";
import { ADDRESS_BYTES } from "./maps.js";
import { pointerTo, type Region, regionOf } from "./memory.js";
import type { InsnArrayMap } from "./program.js";

const CODES = 0x8000_f000_0000;
/** More than a code has slots. */
const CODE_BYTES = 0x100_0000;

const placeOfSlot = (code: number, slot: number): number => CODES + code * CODE_BYTES + ADDRESS_BYTES * slot;

/** The interpreter's address of a slot. */
export const slotAddress = (code: number, slot: number): U64 => pointerTo(placeOfSlot(code, slot));

/** The slot of a code that lies there, in a code of so many; undefined where none does. */
export function slotAt(code: number, slots: number, address: bigint): number | undefined {
  const at = Number(u64(address - slotAddress(code, 0)));
  return at % ADDRESS_BYTES === 0 && at / ADDRESS_BYTES < slots ? at / ADDRESS_BYTES : undefined;
}

/** What an instruction array holds, where a code's slots lie as `addressOf` says. */
export function insnArrayBytes(
  { entries, code, slots }: InsnArrayMap,
  addressOf: (code: number, slot: number) => bigint,
): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES * entries);
  const view = new DataView(bytes.buffer);
  slots.forEach((slot, i) => {
    view.setBigUint64(ADDRESS_BYTES * i, addressOf(code, slot), true);
  });
  return bytes;
}

/** An instruction array in the interpreter's memory: programs may only read it. */
export const insnArrayRegion = (name: string, base: number, map: InsnArrayMap): Region =>
  regionOf(name, base, insnArrayBytes(map, slotAddress), { isReadOnly: true });
