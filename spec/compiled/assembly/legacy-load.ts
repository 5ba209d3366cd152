// The loads of packets that classic BPF had: big-endian bytes of the packet into r0, or the end of the function.

import { CONTEXT, DATA, DATA_END, FAULTED, HAS_LEGACY_LOADS, PACKET_REGION, REGION_BASE, REGION_BYTES, REGION_PLACE, REGIONS, REGISTERS } from "../layout";
import { exit, goTo, poisonArguments } from "./frames";
import { placeOf } from "./memory";

const CONTEXT_REGISTER: usize = REGISTERS + 48;
const PACKET: usize = REGIONS + PACKET_REGION * REGION_BYTES;
/** Offsets from there on are counted from the header of the network, or from the first byte. */
const NETWORK: i32 = -0x10_0000;
const LINK: i32 = -0x20_0000;
const ETHERNET_BYTES: i32 = 14;
/** No packet is as long. */
const NOWHERE: i32 = i32.MAX_VALUE;

function placeInPacket(offset: i32): i32 {
  if (offset >= 0) return offset;
  if (offset >= NETWORK) return offset - NETWORK + ETHERNET_BYTES;
  return offset >= LINK ? offset - LINK : NOWHERE;
}

/** @returns 0, or what ends the run */
export function loadLegacy(opcode: u32, index: u64, imm: i32, pc: u32): u32 {
  if (load<u32>(HAS_LEGACY_LOADS) == 0 || load<u64>(CONTEXT_REGISTER) != load<u64>(CONTEXT)) return FAULTED;
  const size = (opcode & 0x18) == 0 ? 4 : (opcode & 0x18) == 0x08 ? 2 : 1;
  const at = placeInPacket(imm + ((opcode & 0xe0) == 0x40 ? <i32>index : 0));
  const data = load<u64>(placeOf(load<u32>(DATA)));
  const length = <i32>(load<u64>(placeOf(load<u32>(DATA_END))) - data);
  const place = <usize>load<u32>(PACKET, REGION_PLACE) + <usize>(data - load<u64>(PACKET, REGION_BASE));
  const isThere = at <= length - size;
  store<u64>(REGISTERS, isThere ? bigEndian(place + <usize>at, size) : 0);
  poisonArguments();
  if (!isThere) return exit();
  goTo(pc + 1);
  return 0;
}

function bigEndian(place: usize, size: i32): u64 {
  let value: u64 = 0;
  for (let i = 0; i < size; i++) value = (value << 8) | <u64>load<u8>(place + <usize>i);
  return value;
}
