// Helpers that work on maps: those with values, maps of maps, and where records are sent to.

import type { U64 } from "../../bits.js";
import { innerMap } from "../maps.js";
import { pointerTo } from "../memory.js";
import {
  ERROR,
  type Helper,
  type HelperResult,
  type HelperState,
  isResult,
  mapArgument,
  onMap,
  readArgument,
  readSized,
  request,
  returns,
  sizeArgument,
} from "./helper.js";
import { eventSlot, INDEX_MASK } from "./perf.js";

export const MAP_LOOKUP = 1;

function lookup(state: HelperState, args: readonly U64[]): HelperResult {
  const ref = state.maps.byPointer(args[0]!);
  if (ref?.spec.kind !== "mapOfMaps") return onMap(state, args, (map, key) => returns(map.lookup(key)));
  const key = readArgument(state, args, 1, ref.spec.keyBytes);
  if (!(key instanceof Uint8Array)) return key;
  const inner = innerMap(ref.spec, key);
  return returns(inner === undefined ? 0n : pointerTo(state.layout.maps[inner]!.object.base));
}

const isWritten = (kind: string): boolean => kind !== "redirect";
const refusesPrograms = (state: HelperState, args: readonly U64[]): HelperResult | undefined => {
  const ref = state.maps.byPointer(args[0]!);
  if (ref === undefined || isWritten(ref.spec.kind)) return undefined;
  const which = `map ${ref.spec.name ?? ref.index}`;
  return { ok: false, why: "badCall", detail: `${which} is a map of redirects, which programs do not write` };
};

function update(state: HelperState, args: readonly U64[]): HelperResult {
  return (
    refusesPrograms(state, args) ??
    onMap(state, args, (map, key) => {
      const value = readArgument(state, args, 2, map.spec.valueBytes);
      if (!(value instanceof Uint8Array)) return value;
      const result = map.update(key, value, args[3]!);
      if (result !== undefined) return returns(result);
      return { ok: false, why: "badAccess", detail: "the map's value is not writable" };
    })
  );
}

/** Above the slot, bytes of the packet. */
const LENGTH_MASK = 0xf_ffffn << 32n;
const MOST_RECORD = 0xffff;

/** r1: the context, r2: the map, r3: flags, r4 and r5: the record. */
function perfEventOutput(state: HelperState, args: readonly U64[]): HelperResult {
  const map = mapArgument(state, args, 1, ["perfEvents"]);
  if (isResult(map)) return map;
  const flags = args[2]!;
  const record = readSized(state, args, 3);
  if (!(record instanceof Uint8Array)) return record;
  const hasPacket = state.program.context === "xdp" || state.program.context === "skb";
  if ((flags & ~(INDEX_MASK | (hasPacket ? LENGTH_MASK : 0n))) !== 0n) return returns(ERROR.EINVAL);
  const slot = eventSlot(state, map.spec.entries, flags);
  if (typeof slot === "bigint") return returns(slot);
  const length = Number((flags & LENGTH_MASK) >> 32n);
  const packet = length === 0 ? new Uint8Array() : state.packet.read(0, length);
  if (packet === undefined) return returns(ERROR.EFAULT);
  if (record.length + packet.length > MOST_RECORD) return returns(ERROR.E2BIG);
  const isSent = state.maps.sink(map.index)!.records.append([slot], [record, packet]);
  return returns(isSent ? 0n : ERROR.ENOSPC);
}

/** BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP. */
const WAKEUPS = 3n;

function ringbufOutput(state: HelperState, args: readonly U64[]): HelperResult {
  const map = mapArgument(state, args, 0, ["ringBuffer"]);
  if (isResult(map)) return map;
  const record = readSized(state, args, 1);
  if (!(record instanceof Uint8Array)) return record;
  if ((args[3]! & ~WAKEUPS) !== 0n) return returns(ERROR.EINVAL);
  return returns(state.maps.sink(map.index)!.records.append([], [record]) ? 0n : ERROR.EAGAIN);
}

function ringbufReserve(state: HelperState, args: readonly U64[]): HelperResult {
  const map = mapArgument(state, args, 0, ["ringBuffer"]);
  if (isResult(map)) return map;
  const size = sizeArgument(args, 1);
  if (typeof size !== "number") return size;
  return returns(args[2] === 0n ? state.maps.sink(map.index)!.reserve(size) : 0n);
}

/** r1: the record, r2: flags. */
function ringbufRelease(state: HelperState, args: readonly U64[], isSent: boolean): HelperResult {
  for (const index of state.program.maps.keys()) {
    const sink = state.maps.sink(index);
    const bytes = sink?.release(args[0]!);
    if (sink === undefined || bytes === undefined) continue;
    const record = readArgument(state, args, 0, bytes);
    if (!(record instanceof Uint8Array)) return record;
    if (isSent) sink.records.append([], [record]);
    return returns(0n);
  }
  return { ok: false, why: "badCall", detail: "r1 does not point to a record that was reserved" };
}

function ringbufQuery(state: HelperState, args: readonly U64[]): HelperResult {
  const map = mapArgument(state, args, 0, ["ringBuffer"]);
  if (isResult(map)) return map;
  const sent = BigInt(state.maps.sink(map.index)!.records.bytes);
  // BPF_RB_AVAIL_DATA, BPF_RB_RING_SIZE, BPF_RB_CONS_POS, BPF_RB_PROD_POS: nobody reads what was sent.
  return returns([sent, BigInt(map.spec.entries), 0n, sent][Number(args[1]!)] ?? 0n);
}

const REUSE = 0x400n;
const KNOWN_FLAGS = 0xffn | 0x100n | 0x200n | REUSE;
const USER_STACK = 0x100n;
/** Frames of the stacks that are found, in the kernel and in the process. */
const DEPTH = { kernel: 8n, user: 6n } as const;

/** r1: the context, r2: the map, r3: how many frames to skip, and flags. */
function getStackid(state: HelperState, args: readonly U64[]): HelperResult {
  const map = mapArgument(state, args, 1, ["stackTrace"]);
  if (isResult(map)) return map;
  const flags = args[2]!;
  if ((flags & ~KNOWN_FLAGS) !== 0n) return returns(ERROR.EINVAL);
  const isUser = (flags & USER_STACK) !== 0n;
  const skipped = flags & 0xffn;
  if (skipped >= (isUser ? DEPTH.user : DEPTH.kernel)) return returns(ERROR.EFAULT);
  request(state, 27, [BigInt(map.index), flags]);
  return returns(((isUser ? 0x5eedn : 0x2024n) + 0x9e37n * skipped) % BigInt(map.spec.entries));
}

const REDIRECT_BROADCAST = 8n | 16n;
const XDP_REDIRECT = 4n;

/** r1: the map, r2: the key, r3: flags, whose low bits are the result where nothing is there. */
function redirectMap(state: HelperState, args: readonly U64[]): HelperResult {
  const map = mapArgument(state, args, 0, ["redirect"]);
  if (isResult(map)) return map;
  const [, index = 0n, flags = 0n] = args;
  const known = 3n | (map.spec.to.startsWith("devmap") ? REDIRECT_BROADCAST : 0n);
  if ((flags & ~known) !== 0n) return returns(0n);
  const key = new Uint8Array(Uint32Array.of(Number(BigInt.asUintN(32, index))).buffer);
  const isThere = state.maps.at(map.index)!.lookup(key) !== 0n || (flags & 8n) !== 0n;
  if (!isThere || (index > 0xffff_ffffn && (flags & 8n) === 0n)) return returns(flags & 3n);
  request(state, 51, [BigInt(map.index), index, flags]);
  return returns(XDP_REDIRECT);
}

const RING = { mapOf: ["ringBuffer"] } as const;
const PERF = { mapOf: ["perfEvents"] } as const;
const VALUES_OR_MAPS = { mapOf: ["array", "hash", "lpmTrie", "redirect", "mapOfMaps"] } as const;

export const MAP_HELPERS: readonly Helper[] = [
  {
    id: MAP_LOOKUP,
    name: "map_lookup_elem",
    args: [VALUES_OR_MAPS, "keyPointer"],
    returns: "valueOrNull",
    run: lookup,
  },
  {
    id: 2,
    name: "map_update_elem",
    args: ["mapPointer", "keyPointer", "valuePointer", "scalar"],
    returns: "scalar",
    run: update,
  },
  {
    id: 3,
    name: "map_delete_elem",
    args: ["mapPointer", "keyPointer"],
    returns: "scalar",
    run: (state, args) => refusesPrograms(state, args) ?? onMap(state, args, (map, key) => returns(map.delete(key))),
  },
  {
    id: 25,
    name: "perf_event_output",
    args: ["context", PERF, "scalar", "bytes", "size"],
    returns: "scalar",
    run: perfEventOutput,
  },
  {
    id: 27,
    name: "get_stackid",
    args: ["context", { mapOf: ["stackTrace"] }, "scalar"],
    returns: "scalar",
    requests: true,
    run: getStackid,
  },
  {
    id: 51,
    name: "redirect_map",
    args: [{ mapOf: ["redirect"] }, "scalar", "scalar"],
    returns: "scalar",
    contexts: ["xdp"],
    requests: true,
    run: redirectMap,
  },
  { id: 130, name: "ringbuf_output", args: [RING, "bytes", "size", "scalar"], returns: "scalar", run: ringbufOutput },
  {
    id: 131,
    name: "ringbuf_reserve",
    args: [RING, "size", "scalar"],
    returns: "recordOrNull",
    run: ringbufReserve,
  },
  {
    id: 132,
    name: "ringbuf_submit",
    args: ["record", "scalar"],
    returns: "scalar",
    run: (state, args) => ringbufRelease(state, args, true),
  },
  {
    id: 133,
    name: "ringbuf_discard",
    args: ["record", "scalar"],
    returns: "scalar",
    run: (state, args) => ringbufRelease(state, args, false),
  },
  { id: 134, name: "ringbuf_query", args: [RING, "scalar"], returns: "scalar", run: ringbufQuery },
  {
    id: 195,
    name: "map_lookup_percpu_elem",
    args: ["mapPointer", "keyPointer", "scalar"],
    returns: "valueOrNull",
    run: (state, args) => (BigInt.asUintN(32, args[2]!) === BigInt(state.cpu) ? lookup(state, args) : returns(0n)),
  },
];
