// Helpers that read, write and move the packet. Results and limits are those of Linux 6.12 (net/core/filter.c) for a packet
// that lies in one piece, begins with an Ethernet header and carries no checksum of the hardware.

import { type U64, u64 } from "../../bits.js";
import { pointerTo } from "../memory.js";
import {
  ERROR,
  type Helper,
  type HelperArg,
  type HelperResult,
  type HelperState,
  int,
  readSized,
  request,
  returns,
  sizeArgument,
  writeArgument,
} from "./helper.js";

const ETHERNET_BYTES = 14;
/** sizeof(struct xdp_frame), at the start of the headroom. */
const XDP_FRAME_BYTES = 40;
const MOST_META_BYTES = 255;
const MOST_OFFSET = 0x7fff_ffffn;
const XDP_PASS_OVER = 0xffff;

const unsigned = (value: bigint): bigint => BigInt.asUintN(32, value);

function loadBytes(state: HelperState, args: readonly U64[], base: number): HelperResult {
  const size = sizeArgument(args, 3);
  if (typeof size !== "number") return size;
  const offset = unsigned(args[1]!);
  const bytes = offset > MOST_OFFSET ? undefined : state.packet.read(base + Number(offset), size);
  return writeArgument(state, args, 2, bytes ?? new Uint8Array(size), bytes === undefined ? ERROR.EFAULT : 0n);
}

/** BPF_HDR_START_MAC and BPF_HDR_START_NET. */
const HEADER_STARTS = [0, ETHERNET_BYTES] as const;

function loadBytesRelative(state: HelperState, args: readonly U64[]): HelperResult {
  const start = HEADER_STARTS[Number(unsigned(args[4]!))];
  if (start !== undefined) return loadBytes(state, args, start);
  const size = sizeArgument(args, 3);
  if (typeof size !== "number") return size;
  return writeArgument(state, args, 2, new Uint8Array(size), ERROR.EFAULT);
}

const INVALIDATE_HASH = 2n;

function storeBytes(state: HelperState, args: readonly U64[]): HelperResult {
  const bytes = readSized(state, args, 2);
  if (!(bytes instanceof Uint8Array)) return bytes;
  if ((args[4]! & ~3n) !== 0n) return returns(ERROR.EINVAL);
  const offset = unsigned(args[1]!);
  if (offset > MOST_OFFSET || !state.packet.write(Number(offset), bytes)) return returns(ERROR.EFAULT);
  if ((args[4]! & INVALIDATE_HASH) !== 0n) state.packet.setField("hash", 0n);
  return returns(0n);
}

function adjustHead(state: HelperState, [, by = 0n]: readonly bigint[]): HelperResult {
  const { packet, memory } = state;
  const delta = int(by);
  const metaBytes = packet.data - packet.meta;
  const data = packet.data + delta;
  const least = packet.data - packet.headroom + XDP_FRAME_BYTES + metaBytes;
  if (data < least || data > packet.end - ETHERNET_BYTES) return returns(ERROR.EINVAL);
  if (metaBytes > 0) {
    const meta = new Uint8Array(metaBytes);
    memory.read(pointerTo(packet.meta), meta);
    memory.write(pointerTo(packet.meta + delta), meta);
  }
  packet.move({ head: delta });
  return returns(0n);
}

function adjustTail(state: HelperState, [, by = 0n]: readonly bigint[]): HelperResult {
  const { packet, memory } = state;
  const delta = int(by);
  if (delta > packet.tailroom || packet.length + delta < ETHERNET_BYTES) return returns(ERROR.EINVAL);
  if (delta > 0) memory.write(pointerTo(packet.end), new Uint8Array(delta));
  packet.move({ tail: delta });
  return returns(0n);
}

function adjustMeta(state: HelperState, [, by = 0n]: readonly bigint[]): HelperResult {
  const { packet } = state;
  const meta = packet.meta + int(by);
  const bytes = packet.data - meta;
  if (bytes < 0 || bytes > packet.headroom - XDP_FRAME_BYTES) return returns(ERROR.EINVAL);
  if (bytes % 4 !== 0 || bytes > MOST_META_BYTES) return returns(ERROR.EACCES);
  packet.move({ meta: int(by) });
  return returns(0n);
}

function changeTail(state: HelperState, [, length = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  const { packet, memory } = state;
  const delta = Number(unsigned(length)) - packet.length;
  if (flags !== 0n || delta > packet.tailroom || packet.length + delta < ETHERNET_BYTES) return returns(ERROR.EINVAL);
  if (delta > 0) memory.write(pointerTo(packet.end), new Uint8Array(delta));
  packet.move({ tail: delta });
  return returns(0n);
}

/** Make room for so many zeros after the first `offset` bytes, which move forward; or take as many away. */
function resize(state: HelperState, offset: number, delta: number): boolean {
  const { packet, memory } = state;
  const first = packet.read(0, offset);
  if (first === undefined || delta > packet.headroom || offset - delta > packet.length) return false;
  packet.move({ head: -delta });
  packet.write(0, first);
  if (delta > 0) memory.write(pointerTo(packet.data + offset), new Uint8Array(delta));
  return true;
}

function changeHead(state: HelperState, [, room = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  if (flags !== 0n || unsigned(room) > MOST_OFFSET) return returns(ERROR.EINVAL);
  return returns(resize(state, 0, Number(unsigned(room))) ? 0n : ERROR.ENOMEM);
}

const IPV4 = { type: 0x0008n, bytes: 20 } as const;
const IPV6 = { type: 0xdd86n, bytes: 40 } as const;
/** BPF_ADJ_ROOM_NET and BPF_ADJ_ROOM_MAC. */
const MODES = { net: 0n, mac: 1n } as const;
const MOST_ROOM = 0xfff;

function adjustRoom(state: HelperState, [, by = 0n, mode = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  const { packet } = state;
  const delta = int(by);
  if (flags !== 0n) return returns(ERROR.EINVAL);
  if (Math.abs(delta) > MOST_ROOM) return returns(ERROR.EFAULT);
  const header = [IPV4, IPV6].find(({ type }) => type === packet.field("protocol"));
  const offset = ETHERNET_BYTES + (unsigned(mode) === MODES.net ? (header?.bytes ?? 0) : 0);
  if (header === undefined || unsigned(mode) > MODES.mac) return returns(ERROR.ENOTSUPP);
  if (delta < 0 && packet.length - ETHERNET_BYTES + delta < header.bytes) return returns(ERROR.ENOTSUPP);
  return returns(resize(state, offset, delta) ? 0n : ERROR.ENOMEM);
}

/** From IPv4 to IPv6 or back: the longer header has zeros, which the program writes. */
function changeProto(state: HelperState, [, proto = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  const { packet } = state;
  if (flags !== 0n) return returns(ERROR.EINVAL);
  const [from, to] = [packet.field("protocol"), BigInt.asUintN(16, proto)];
  const delta = from === IPV4.type && to === IPV6.type ? 20 : from === IPV6.type && to === IPV4.type ? -20 : 0;
  if (delta === 0) return returns(ERROR.ENOTSUPP);
  if (!resize(state, ETHERNET_BYTES, delta)) return returns(ERROR.ENOMEM);
  packet.setField("protocol", to);
  return returns(0n);
}

const PACKET_OTHERHOST = 3n;

function changeType(state: HelperState, [, type = 0n]: readonly bigint[]): HelperResult {
  const now = state.packet.field("pkt_type");
  if (now > PACKET_OTHERHOST || unsigned(type) > PACKET_OTHERHOST) return returns(ERROR.EINVAL);
  state.packet.setField("pkt_type", type);
  return returns(0n);
}

/** Where nobody has hashed the packet: a sum of its first bytes, never 0. */
function hashRecalc(state: HelperState): HelperResult {
  const { packet } = state;
  const known = packet.field("hash");
  if (known !== 0n) return returns(known);
  const bytes = packet.read(0, Math.min(packet.length, 64)) ?? new Uint8Array();
  const hash = bytes.reduce(
    (sum, byte) => u64(BigInt.asUintN(32, (sum ^ BigInt(byte)) * 0x0100_0193n)),
    u64(0x811c_9dc5n),
  );
  packet.setField("hash", hash | 1n);
  return returns(hash | 1n);
}

const CLONE_FLAGS = 1n;

function cloneRedirect(state: HelperState, [, ifindex = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  if ((flags & ~CLONE_FLAGS) !== 0n) return returns(ERROR.EINVAL);
  if (unsigned(ifindex) === 0n) return returns(ERROR.EINVAL);
  const { packet } = state;
  request(state, 13, [ifindex, flags], packet.read(0, packet.length) ?? new Uint8Array());
  return returns(0n);
}

function loadXdpBytes(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 3);
  if (typeof size !== "number") return size;
  const bytes = size > XDP_PASS_OVER ? undefined : state.packet.read(Number(unsigned(args[1]!)), size);
  return bytes === undefined ? returns(ERROR.EINVAL) : writeArgument(state, args, 2, bytes, 0n);
}

function storeXdpBytes(state: HelperState, args: readonly U64[]): HelperResult {
  const bytes = readSized(state, args, 2);
  if (!(bytes instanceof Uint8Array)) return bytes;
  return returns(state.packet.write(Number(unsigned(args[1]!)), bytes) ? 0n : ERROR.EINVAL);
}

const of =
  (contexts: Helper["contexts"]) =>
  (id: number, name: string, args: readonly HelperArg[], run: Helper["run"], more: Partial<Helper> = {}): Helper => ({
    id,
    name,
    args: ["context", ...args],
    returns: "scalar",
    ...(contexts && { contexts }),
    run,
    ...more,
  });
const skb = of(["skb"]);
const xdp = of(["xdp"]);
const MOVES = { movesPacket: true } as const;
const DECIDES = { decides: true } as const;

export const PACKET_HELPERS: readonly Helper[] = [
  skb(9, "skb_store_bytes", ["scalar", "bytes", "size", "scalar"], storeBytes, MOVES),
  skb(13, "clone_redirect", ["scalar", "scalar"], cloneRedirect, { ...MOVES, requests: true }),
  skb(26, "skb_load_bytes", ["scalar", "room", "size"], (state, args) => loadBytes(state, args, 0)),
  skb(31, "skb_change_proto", ["scalar", "scalar"], changeProto, MOVES),
  skb(32, "skb_change_type", ["scalar"], changeType),
  skb(34, "get_hash_recalc", [], hashRecalc, DECIDES),
  skb(38, "skb_change_tail", ["scalar", "scalar"], changeTail, MOVES),
  skb(
    39,
    "skb_pull_data",
    ["scalar"],
    (state, [, length = 0n]) => returns(unsigned(length) <= BigInt(state.packet.length) ? 0n : ERROR.ENOMEM),
    MOVES,
  ),
  skb(41, "set_hash_invalid", [], (state) => {
    state.packet.setField("hash", 0n);
    return returns(0n);
  }),
  skb(43, "skb_change_head", ["scalar", "scalar"], changeHead, MOVES),
  xdp(44, "xdp_adjust_head", ["scalar"], adjustHead, MOVES),
  skb(48, "set_hash", ["scalar"], (state, [, hash = 0n]) => {
    state.packet.setField("hash", hash);
    return returns(0n);
  }),
  skb(50, "skb_adjust_room", ["scalar", "scalar", "scalar"], adjustRoom, MOVES),
  xdp(54, "xdp_adjust_meta", ["scalar"], adjustMeta, MOVES),
  xdp(65, "xdp_adjust_tail", ["scalar"], adjustTail, MOVES),
  skb(68, "skb_load_bytes_relative", ["scalar", "room", "size", "scalar"], loadBytesRelative),
  xdp(188, "xdp_get_buff_len", [], (state) => returns(BigInt(state.packet.length))),
  xdp(189, "xdp_load_bytes", ["scalar", "room", "size"], loadXdpBytes),
  xdp(190, "xdp_store_bytes", ["scalar", "bytes", "size"], storeXdpBytes),
];
