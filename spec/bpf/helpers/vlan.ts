// VLAN tags of packets. The last one pushed is beside the packet, in fields of the skb; the ones before it are in the packet,
// between the addresses and the protocol (Linux: skb_vlan_push, skb_vlan_pop).

import { ERROR, type Helper, type HelperResult, type HelperState, returns } from "./helper.js";

const ADDRESS_BYTES = 12;
const TAG_BYTES = 4;
/** Addresses, protocol of the tag, the tag, protocol of what follows. */
const TAGGED_BYTES = 18;
/** Numbers as they lie in the packet, read as the CPU reads them. */
const PROTOCOLS: ReadonlySet<bigint> = new Set([0x0081n, 0xa888n]);
const [DOT1Q] = PROTOCOLS;
/** From there on a protocol is one and not a length. */
const LEAST_PROTOCOL = 0x600;
const WITHOUT_PROTOCOL = { raw: 0x0100n, llc: 0x0400n } as const;

function push(state: HelperState, [, proto = 0n, tci = 0n]: readonly bigint[]): HelperResult {
  const { packet } = state;
  if (packet.field("vlan_present") !== 0n && !insertTag(state)) return returns(ERROR.ENOMEM);
  const given = BigInt.asUintN(16, proto);
  packet.setField("vlan_present", 1n);
  packet.setField("vlan_proto", PROTOCOLS.has(given) ? given : DOT1Q!);
  packet.setField("vlan_tci", BigInt.asUintN(16, tci));
  return returns(0n);
}

/** Put the tag that is beside the packet into it. */
function insertTag({ packet }: HelperState): boolean {
  const addresses = packet.read(0, ADDRESS_BYTES);
  if (addresses === undefined || packet.headroom < TAG_BYTES) return false;
  const [proto, tci] = [Number(packet.field("vlan_proto")), Number(packet.field("vlan_tci"))];
  packet.move({ head: -TAG_BYTES });
  packet.write(0, addresses);
  packet.write(ADDRESS_BYTES, Uint8Array.of(proto & 0xff, proto >> 8, tci >> 8, tci & 0xff));
  packet.setField("protocol", BigInt(proto));
  return true;
}

function pop(state: HelperState): HelperResult {
  const { packet } = state;
  const isTagged = (): boolean => PROTOCOLS.has(packet.field("protocol"));
  if (packet.field("vlan_present") !== 0n) {
    for (const field of ["vlan_present", "vlan_proto", "vlan_tci"]) packet.setField(field, 0n);
  } else if (!isTagged()) return returns(0n);
  else if (removeTag(state) === undefined) return returns(ERROR.ENOMEM);
  if (!isTagged()) return returns(0n);
  const proto = packet.field("protocol");
  const tci = removeTag(state);
  if (tci === undefined) return returns(ERROR.ENOMEM);
  packet.setField("vlan_present", 1n);
  packet.setField("vlan_proto", proto);
  packet.setField("vlan_tci", BigInt(tci));
  return returns(0n);
}

/** Take the first tag out of the packet. @returns it; undefined if the packet is too short for one */
function removeTag({ packet }: HelperState): number | undefined {
  const addresses = packet.read(0, ADDRESS_BYTES);
  const tag = packet.read(ADDRESS_BYTES + 2, TAG_BYTES);
  if (addresses === undefined || tag === undefined || packet.length < TAGGED_BYTES) return undefined;
  const [high, low, first, second] = [...tag] as [number, number, number, number];
  packet.setField("protocol", protocolOf((first << 8) | second, packet.read(TAGGED_BYTES, 2)));
  packet.move({ head: TAG_BYTES });
  packet.write(0, addresses);
  return (high << 8) | low;
}

function protocolOf(said: number, next: Uint8Array | undefined): bigint {
  if (said >= LEAST_PROTOCOL) return BigInt((said >> 8) | ((said & 0xff) << 8));
  return next?.every((byte) => byte === 0xff) === true ? WITHOUT_PROTOCOL.raw : WITHOUT_PROTOCOL.llc;
}

const ON_SKB = { returns: "scalar", contexts: ["skb"], movesPacket: true, decides: true } as const;

export const VLAN_HELPERS: readonly Helper[] = [
  { ...ON_SKB, id: 18, name: "skb_vlan_push", args: ["context", "scalar", "scalar"], run: push },
  { ...ON_SKB, id: 19, name: "skb_vlan_pop", args: ["context"], run: pop },
];
