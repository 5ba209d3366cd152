// What a helper function is: a row with its number, its prototype and what it does. A helper knows its five arguments,
// memory, maps and the state of the run, and nothing of what called it.

import { type U64, u64 } from "../../bits.js";
import type { MapState, MapStates } from "../maps.js";
import type { Memory } from "../memory.js";
import type { FaultWhy } from "../outcome.js";
import { Packet, type PacketMemory } from "../packet.js";
import type { ContextKind, Layout, MapSpec, Program, SinkMap } from "../program.js";
import { Records } from "../records.js";

export interface HelperState extends PacketMemory {
  readonly maps: MapStates;
  readonly program: Pick<Program, "context" | "maps">;
  readonly packet: Packet;
  /** What helpers have asked of the kernel, of which programs see nothing. */
  readonly requests: Records;
  /** Nanoseconds; each reading of the clock moves it on. */
  clock: bigint;
  /** State of the random numbers, never 0. */
  random: bigint;
  cpu: number;
  /** `struct bpf_tunnel_key`, once it was set, and options that were set since. */
  tunnel?: { readonly key: Uint8Array; readonly options?: Uint8Array };
  /** Options of the socket that were set, by number. */
  readonly options: Map<number, Uint8Array>;
}

interface HelperStateParts {
  readonly memory: Memory;
  readonly kernel: Memory;
  readonly maps: MapStates;
  readonly program: Pick<Program, "context" | "maps">;
  readonly layout: Layout;
}

/** Of all requests of a run. What is beyond is not kept, for neither witness. */
const REQUEST_BYTES = 1 << 18;

export const initialHelperState = (parts: HelperStateParts): HelperState => ({
  memory: parts.memory,
  kernel: parts.kernel,
  maps: parts.maps,
  program: parts.program,
  layout: parts.layout,
  packet: new Packet(parts),
  requests: new Records(REQUEST_BYTES),
  clock: 1_000_000_000n,
  random: 0x9e37_79b9_7f4a_7c15n,
  cpu: 0,
  options: new Map(),
});

/** Not ok: the call breaks the helper's contract, which ends the program. */
export type HelperResult =
  | { readonly ok: true; readonly r0: U64 }
  | { readonly ok: false; readonly why: Extract<FaultWhy, "badAccess" | "badCall">; readonly detail: string };

type MapKind = MapSpec["kind"];
/**
 * `mapPointer`: the address of a map with values, or of a map of one of these kinds. `keyPointer` and `valuePointer`: to
 * as many readable bytes as a key or a value of that map has. `bytes`, `bytesOrNull`: readable, `room`: writable, `both`;
 * the next argument is their number, which `size` says. `context`: the context, `contextOrNull`: that or 0. `address`: anything that may be read from,
 * or not. `record`: reserved in a ring buffer. `iterator`: to the readable and writable bytes of one.
 * `scalar`: any defined number.
 */
export type HelperArg =
  | "mapPointer"
  | { readonly mapOf: readonly MapKind[] }
  | "keyPointer"
  | "valuePointer"
  | "bytes"
  | "bytesOrNull"
  | "room"
  | "both"
  | "size"
  | "context"
  | "contextOrNull"
  | "address"
  | "record"
  | "iterator"
  | "scalar";

/** Bytes of an iterator over numbers, in the frame. */
export const ITERATOR_BYTES = 8;

export interface Helper {
  readonly id: number;
  /** As the kernel names it, without `bpf_`. */
  readonly name: string;
  readonly args: readonly HelperArg[];
  /** `record`: a pointer to as many bytes as r2 says, or null. `first`: what r1 was, or null. `nothing`: r0 is undefined. */
  readonly returns: "scalar" | "valueOrNull" | "recordOrNull" | "firstOrNull" | "nothing";
  /** Which contexts programs have that may call it. Default: all of them. */
  readonly contexts?: readonly ContextKind[] | undefined;
  /** Afterwards no pointer to the packet is one. */
  readonly movesPacket?: boolean | undefined;
  /** It may ask something of the kernel: what was asked is compared. */
  readonly requests?: boolean | undefined;
  /** What it reads of memory decides what it does, so that all of it must be defined; others copy it as it is. */
  readonly decides?: boolean | undefined;
  /** How many of `args` count in this call. Default: all of them. */
  readonly counts?: ((state: HelperState, args: readonly U64[]) => number) | undefined;
  readonly run: (state: HelperState, args: readonly U64[]) => HelperResult;
}

/** Call one. What works on a packet has none in a program of another context. */
export function callHelper({ contexts, run }: Helper, state: HelperState, args: readonly U64[]): HelperResult {
  const { context } = state.program;
  if (contexts === undefined || contexts.includes(context)) return run(state, args);
  return { ok: false, why: "badCall", detail: `works on ${contexts.join(" and ")}, the context is ${context}` };
}

export const ERROR = {
  ENOENT: -2n,
  E2BIG: -7n,
  EAGAIN: -11n,
  ENOMEM: -12n,
  EACCES: -13n,
  EFAULT: -14n,
  EEXIST: -17n,
  ENODEV: -19n,
  EINVAL: -22n,
  ENOSPC: -28n,
  EAFNOSUPPORT: -97n,
  ENOTSUPP: -524n,
} as const;

export const returns = (r0: bigint): HelperResult => ({ ok: true, r0: u64(r0) });

const ARGUMENTS = ["r1", "r2", "r3", "r4", "r5"] as const;

/** Read `bytes` bytes at an argument. */
export function readArgument(
  state: HelperState,
  args: readonly U64[],
  index: number,
  bytes: number,
): Uint8Array | HelperResult {
  const buffer = new Uint8Array(bytes);
  if (bytes === 0 || state.memory.read(args[index]!, buffer)) return buffer;
  return { ok: false, why: "badAccess", detail: `${ARGUMENTS[index]} does not point to ${bytes} readable bytes` };
}

/** Write at an argument, and return. */
export function writeArgument(
  state: HelperState,
  args: readonly U64[],
  index: number,
  bytes: Uint8Array,
  r0: bigint,
): HelperResult {
  if (bytes.length === 0 || state.memory.write(args[index]!, bytes)) return returns(r0);
  return {
    ok: false,
    why: "badAccess",
    detail: `${ARGUMENTS[index]} does not point to ${bytes.length} writable bytes`,
  };
}

/** No buffer of a program is longer; a size beyond it is one that no memory has. */
const MOST_BYTES = 1 << 29;

/** A size in bytes, or what is wrong with it. */
export function sizeArgument(args: readonly U64[], index: number): number | HelperResult {
  const size = BigInt.asUintN(32, args[index]!);
  if (size <= BigInt(MOST_BYTES)) return Number(size);
  return { ok: false, why: "badCall", detail: `${ARGUMENTS[index]} is a size of ${size} bytes` };
}

/** Read the bytes at one argument, as many as the next one says. */
export function readSized(state: HelperState, args: readonly U64[], index: number): Uint8Array | HelperResult {
  const size = sizeArgument(args, index + 1);
  return typeof size === "number" ? readArgument(state, args, index, size) : size;
}

/** A number of 32 bits, signed. */
export const int = (value: bigint): number => Number(BigInt.asIntN(32, value));

/** Run an operation on the map with values that r1 points to, with the key that r2 points to. */
export function onMap(
  state: HelperState,
  args: readonly U64[],
  operation: (map: MapState, key: Uint8Array) => HelperResult,
): HelperResult {
  const ref = state.maps.byPointer(args[0]!);
  if (ref === undefined) return { ok: false, why: "badCall", detail: "r1 does not point to a map" };
  const map = state.maps.at(ref.index);
  if (map === undefined)
    return { ok: false, why: "badCall", detail: `map ${ref.spec.name ?? ref.index} is ${MAP_NAMES[ref.spec.kind]}` };
  const key = readArgument(state, args, 1, map.spec.keyBytes);
  return key instanceof Uint8Array ? operation(map, key) : key;
}

type SpecOf<K extends MapKind> = K extends SinkMap["kind"] ? SinkMap : Extract<MapSpec, { kind: K }>;

/** A map of these kinds that an argument points to, or what is wrong. */
export function mapArgument<K extends MapKind>(
  state: HelperState,
  args: readonly U64[],
  index: number,
  kinds: readonly K[],
): { readonly index: number; readonly spec: SpecOf<K> } | HelperResult {
  const ref = state.maps.byPointer(args[index]!);
  const isOne = ref !== undefined && (kinds as readonly MapKind[]).includes(ref.spec.kind);
  if (isOne) return { index: ref.index, spec: ref.spec as SpecOf<K> };
  return { ok: false, why: "badCall", detail: `${ARGUMENTS[index]} does not point to a map of the kind that it needs` };
}

export const isResult = (value: object): value is HelperResult => "ok" in value;

/** Ask something of the kernel. */
export const request = (state: HelperState, id: number, numbers: readonly bigint[], ...parts: Uint8Array[]): void => {
  state.requests.append([id, ...numbers.map(int)], parts);
};

/** As sentences name them. */
export const MAP_NAMES: Record<MapKind, string> = {
  array: "an array",
  hash: "a hash map",
  lpmTrie: "an LPM trie",
  redirect: "a map of redirects",
  progArray: "a prog array",
  mapOfMaps: "a map of maps",
  perfEvents: "a perf event array",
  ringBuffer: "a ring buffer",
  stackTrace: "a stack trace map",
  insnArray: "an instruction array",
};
