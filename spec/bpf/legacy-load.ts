// The loads of packets that classic BPF had, as Linux gives them to its JIT: a call of a function that reads the bytes, and
// behind it the end of the function where they are not there (net/core/filter.c: bpf_gen_ld_abs, bpf_skb_load_helper_*).
// What the called function gives is here, once for every witness.

import { type U64, u64 } from "../bits.js";
import { ERROR, type HelperState, int } from "./helpers/helper.js";
import type { LegacyLoadRow } from "./isa.js";

/** Of r6, which holds the context in programs that have such loads. */
export const LEGACY_CONTEXT = 6;

/** SKF_NET_OFF and SKF_LL_OFF: offsets from there on are counted from the header of the network, or from the first byte. */
const NETWORK = -0x10_0000;
const LINK = -0x20_0000;
const ETHERNET_BYTES = 14;

/** From the first byte of the packet, which begins with an Ethernet header; undefined for an offset that means nothing. */
export function legacyOffset(offset: number): number | undefined {
  if (offset >= 0) return offset;
  if (offset >= NETWORK) return offset - NETWORK + ETHERNET_BYTES;
  return offset >= LINK ? offset - LINK : undefined;
}

/** The bytes as a big-endian number, or -EFAULT where they are not all there. @param offset of which 32 bits count */
export function legacyLoaded({ packet }: HelperState, size: LegacyLoadRow["size"], offset: bigint): U64 {
  const at = legacyOffset(int(offset));
  const bytes = at === undefined ? undefined : packet.read(at, size);
  return u64(bytes?.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) ?? ERROR.EFAULT);
}
