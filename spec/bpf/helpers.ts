// The helper functions that programs may call, by their number in the Linux UAPI, made deterministic: time, randomness
// and CPU come from the world of the run. One table for every witness: a helper knows its five arguments, memory and
// maps, and nothing of what called it. Tail calls change what runs and so belong to the interpreter (`calls.ts`).

import { type U64, u32, u64 } from "../bits.js";
import type { MapState, MapStates } from "./maps.js";
import type { Memory } from "./memory.js";
import type { FaultWhy } from "./outcome.js";

export interface HelperWorld {
  readonly memory: Memory;
  readonly maps: MapStates;
  /** Nanoseconds; each reading of the clock moves it on. */
  clock: bigint;
  /** State of the random numbers, never 0. */
  random: bigint;
  cpu: number;
}

/** Not ok: the call breaks the helper's contract, which ends the program. */
type HelperResult =
  | { readonly ok: true; readonly r0: U64 }
  | { readonly ok: false; readonly why: Extract<FaultWhy, "badAccess" | "badCall">; readonly detail: string };

/**
 * `mapPointer` is the address of a map object; `keyPointer` and `valuePointer` point to as many readable bytes as a key
 * or a value of that map has.
 */
export type HelperArg = "mapPointer" | "keyPointer" | "valuePointer" | "scalar";

interface Helper {
  readonly id: number;
  /** As the kernel names it, without `bpf_`. */
  readonly name: string;
  readonly args: readonly HelperArg[];
  readonly returns: "scalar" | "valueOrNull";
  run(world: HelperWorld, args: readonly U64[]): HelperResult;
}

export const MAP_LOOKUP = 1;

/** `tail_call`, which is not among the helpers below. */
export const TAIL_CALL = 12;

const NANOSECONDS_PER_READING = 1000n;
/** Thread group 1234, thread 1235. */
const PID_TGID = (1234n << 32n) | 1235n;

export const initialWorld = (memory: Memory, maps: MapStates): HelperWorld => ({
  memory,
  maps,
  clock: 1_000_000_000n,
  random: 0x9e37_79b9_7f4a_7c15n,
  cpu: 0,
});

const returns = (r0: bigint): HelperResult => ({ ok: true, r0: u64(r0) });
const ARGUMENTS = ["r1", "r2", "r3", "r4", "r5"] as const;

/** Read `bytes` bytes at an argument. */
function readArgument(
  world: HelperWorld,
  args: readonly U64[],
  index: number,
  bytes: number,
): Uint8Array | HelperResult {
  const buffer = new Uint8Array(bytes);
  if (world.memory.read(args[index]!, buffer)) return buffer;
  return { ok: false, why: "badAccess", detail: `${ARGUMENTS[index]} does not point to ${bytes} readable bytes` };
}

/** Run an operation on the array or hash map that r1 points to, with the key that r2 points to. */
function onMap(
  world: HelperWorld,
  args: readonly U64[],
  operation: (map: MapState, key: Uint8Array) => HelperResult,
): HelperResult {
  const ref = world.maps.byPointer(args[0]!);
  if (ref === undefined) return { ok: false, why: "badCall", detail: "r1 does not point to a map" };
  const map = world.maps.at(ref.index);
  if (map === undefined) return { ok: false, why: "badCall", detail: `map ${ref.index} is a prog array` };
  const key = readArgument(world, args, 1, map.spec.keyBytes);
  return key instanceof Uint8Array ? operation(map, key) : key;
}

function update(world: HelperWorld, args: readonly U64[]): HelperResult {
  return onMap(world, args, (map, key) => {
    const value = readArgument(world, args, 2, map.spec.valueBytes);
    if (!(value instanceof Uint8Array)) return value;
    const result = map.update(key, value, args[3]!);
    if (result !== undefined) return returns(result);
    return { ok: false, why: "badAccess", detail: "the map's value is not writable" };
  });
}

/** Marsaglia's xorshift with shifts 13, 7 and 17; the low half of the new state. */
function randomU32(world: HelperWorld): U64 {
  let state = u64(world.random);
  state = u64(state ^ (state << 13n));
  state = u64(state ^ (state >> 7n));
  state = u64(state ^ (state << 17n));
  world.random = state;
  return u32(state);
}

function readClock(world: HelperWorld): bigint {
  const now = world.clock;
  world.clock += NANOSECONDS_PER_READING;
  return now;
}

const TABLE: readonly Helper[] = [
  {
    id: MAP_LOOKUP,
    name: "map_lookup_elem",
    args: ["mapPointer", "keyPointer"],
    returns: "valueOrNull",
    run: (world, args) => onMap(world, args, (map, key) => returns(map.lookup(key))),
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
    run: (world, args) => onMap(world, args, (map, key) => returns(map.delete(key))),
  },
  { id: 5, name: "ktime_get_ns", args: [], returns: "scalar", run: (world) => returns(readClock(world)) },
  { id: 7, name: "get_prandom_u32", args: [], returns: "scalar", run: (world) => returns(randomU32(world)) },
  {
    id: 8,
    name: "get_smp_processor_id",
    args: [],
    returns: "scalar",
    run: (world) => returns(BigInt(world.cpu)),
  },
  { id: 14, name: "get_current_pid_tgid", args: [], returns: "scalar", run: () => returns(PID_TGID) },
];

export const HELPERS: ReadonlyMap<number, Helper> = new Map(TABLE.map((helper) => [helper.id, helper]));
