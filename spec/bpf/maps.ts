// The maps of one run. Values lie in memory that programs point into, so they are reached through `Memory` and the same
// code serves the interpreter and the simulated machine; which slot of a hash map holds which key is kept here. The
// results are those of Linux 6.12 (kernel/bpf/arraymap.c, hashtab.c), but for one freedom: an update of a present key
// overwrites its value in place, and a new key takes the lowest free slot.

import { assert } from "../assert.js";
import { mapList } from "../lists.js";
import { shortBytes } from "../slab.js";
import { type Memory, pointerTo } from "./memory.js";
import {
  type ArrayMap,
  type DataMap,
  type HashMap,
  isDataMap,
  type Layout,
  type LpmTrieMap,
  type MapOfMaps,
  type MapSpec,
  type RedirectMap,
} from "./program.js";
import { RingState } from "./ring.js";

/** Kernel error numbers, as helpers return them. */
export const ENOENT = -2n;
export const E2BIG = -7n;
export const EEXIST = -17n;
export const EINVAL = -22n;
const ENOSPC = -28n;

/** Flags of `bpf_map_update_elem`. */
export const BPF_NOEXIST = 1n;
export const BPF_EXIST = 2n;
/** Asks for the map's spin lock, which no map here has. */
const BPF_F_LOCK = 4n;

/** Values are this far apart (kernel: `round_up(value_size, 8)`). */
const valueStride = (spec: DataMap): number => Math.ceil(spec.valueBytes / 8) * 8;

/** Of an instruction, in an array of them. */
export const ADDRESS_BYTES = 8;

/** Bytes of all values of a map; of a ring buffer, what can be reserved at once. */
export const valuesBytes = (spec: MapSpec): number => {
  if (spec.kind === "ringBuffer") return spec.entries;
  if (spec.kind === "insnArray") return ADDRESS_BYTES * spec.entries;
  return isDataMap(spec) ? valueStride(spec) * spec.entries : 0;
};

/** What a program leaves in a map is compared; what others have put there stays as it was. */
export const isCompared = ({ kind }: MapSpec): boolean =>
  kind !== "progArray" && kind !== "mapOfMaps" && kind !== "stackTrace" && kind !== "insnArray";

/** Bytes that perf events have room for, on the one CPU that there is. */
const PERF_BYTES = 1 << 18;

interface MapRef {
  readonly index: number;
  readonly spec: MapSpec;
}

/** A result of an operation, or undefined for a map that does not have it or for memory that is not there. */
type MapResult = bigint | undefined;

export class MapStates {
  readonly #maps: readonly (MapState | undefined)[];
  readonly #refs: ReadonlyMap<bigint, MapRef>;
  readonly #sinks: readonly (RingState | undefined)[];

  /**
   * `memory` holds the values, all zero, at the places that the layout says; what maps hold at first is put there.
   * @param has whether a map's elements are kept here, and not by somebody else. Default: of all maps
   */
  constructor(specs: readonly MapSpec[], layout: Layout, memory: Memory, has: (spec: MapSpec) => boolean = () => true) {
    assert(
      layout.maps.length >= specs.length,
      () => `${specs.length} maps, the layout has places for ${layout.maps.length}`,
    );
    this.#refs = new Map(specs.map((spec, index) => [pointerTo(layout.maps[index]!.object.base), { index, spec }]));
    this.#maps = mapList(specs, (spec, index) => {
      const { values } = layout.maps[index]!;
      const needed = valuesBytes(spec);
      assert(
        values.bytes >= needed,
        () => `map ${index} needs ${needed} bytes for its values, the layout has ${values.bytes}`,
      );
      return isDataMap(spec) && has(spec) ? stateOf(spec, values.base, memory) : undefined;
    });
    this.#sinks = mapList(specs, (spec, index) =>
      spec.kind === "perfEvents" || spec.kind === "ringBuffer"
        ? new RingState(spec.kind === "ringBuffer" ? spec.entries : PERF_BYTES, layout.maps[index]!.values.base)
        : undefined,
    );
    this.#maps.forEach((state, index) => {
      for (const { key, value } of state?.spec.contents ?? []) {
        const result = state!.update(key, value, 0n);
        assert(result === 0n, () => `map ${index} does not take what it holds at first: ${result}`);
      }
    });
  }

  /** The map whose object lies at that address. */
  byPointer(address: bigint): MapRef | undefined {
    return this.#refs.get(address);
  }

  /** The operations of a map that has values; undefined for others. */
  at(index: number): MapState | undefined {
    return this.#maps[index];
  }

  /** What was sent to a ring buffer or to perf events; undefined for other maps. */
  sink(index: number): RingState | undefined {
    return this.#sinks[index];
  }

  /**
   * Array: the values area. Others with values: key and value of each entry, sorted by key bytes. Ring buffer and perf
   * events: what was sent. Others: empty.
   * @param memory where the values are read, if not where they are
   */
  dump(index: number, memory?: Memory): Uint8Array {
    return this.#maps[index]?.dump(memory) ?? this.#sinks[index]?.records.dump() ?? new Uint8Array();
  }
}

export interface MapState {
  readonly spec: DataMap;
  /** The address of the key's value, or 0. */
  lookup(key: Uint8Array): bigint;
  /** 0 or a negative error number; undefined if the value's memory refuses the store. */
  update(key: Uint8Array, value: Uint8Array, flags: bigint): MapResult;
  /** 0 or a negative error number. */
  delete(key: Uint8Array): bigint;
  dump(memory?: Memory): Uint8Array;
}

const stateOf = (spec: DataMap, base: number, memory: Memory): MapState => {
  if (spec.kind === "array") return new ArrayState(spec, base, memory);
  return spec.kind === "lpmTrie" ? new LpmTrieState(spec, base, memory) : new HashState(spec, base, memory);
};

/** The index into `Program.maps` that a key of a map of maps stands for. */
export function innerMap({ outer, inner, entries }: MapOfMaps, key: Uint8Array): number | undefined {
  if (outer === "array" && indexOf(key) >= entries) return undefined;
  const name = nameOf(key);
  return inner.find((one) => nameOf(one.key) === name)?.map;
}

const knowsFlags = (flags: bigint): boolean => (flags & ~BPF_F_LOCK) <= BPF_EXIST;

function readAll(memory: Memory, base: number, bytes: number): Uint8Array {
  const all = shortBytes(bytes);
  assert(
    memory.read(pointerTo(base), all),
    () => `the ${bytes} bytes of map values at ${base.toString(16)} are not mapped`,
  );
  return all;
}

class ArrayState implements MapState {
  constructor(
    readonly spec: ArrayMap,
    readonly base: number,
    readonly memory: Memory,
  ) {}

  lookup(key: Uint8Array): bigint {
    const index = indexOf(key);
    return index < this.spec.entries ? pointerTo(this.base + index * valueStride(this.spec)) : 0n;
  }

  update(key: Uint8Array, value: Uint8Array, flags: bigint): MapResult {
    if (!knowsFlags(flags)) return EINVAL;
    if (indexOf(key) >= this.spec.entries) return E2BIG;
    // Every element of an array exists.
    if ((flags & BPF_NOEXIST) !== 0n) return EEXIST;
    if ((flags & BPF_F_LOCK) !== 0n) return EINVAL;
    return this.memory.write(this.lookup(key), value) ? 0n : undefined;
  }

  delete(): bigint {
    return EINVAL;
  }

  dump(memory = this.memory): Uint8Array {
    return readAll(memory, this.base, valuesBytes(this.spec));
  }
}

const indexOf = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset).getUint32(0, true);

class HashState implements MapState {
  /** Slot by key, the key written in hexadecimal: its order is that of the bytes. */
  readonly #slots = new Map<string, number>();

  constructor(
    readonly spec: HashMap | LpmTrieMap | RedirectMap,
    readonly base: number,
    readonly memory: Memory,
  ) {}

  lookup(key: Uint8Array): bigint {
    return this.addressOf(nameOf(key));
  }

  /** Of the value of a key by its name, or 0. */
  protected addressOf(name: string): bigint {
    const slot = this.#slots.get(name);
    return slot === undefined ? 0n : this.#address(slot);
  }

  update(key: Uint8Array, value: Uint8Array, flags: bigint): MapResult {
    if (!knowsFlags(flags)) return EINVAL;
    if ((flags & BPF_F_LOCK) !== 0n) return EINVAL;
    const present = this.#slots.get(nameOf(key));
    if (present !== undefined && flags === BPF_NOEXIST) return EEXIST;
    if (present === undefined && flags === BPF_EXIST) return ENOENT;
    const slot = present ?? this.#freeSlot();
    if (slot === undefined) return E2BIG;
    if (!this.memory.write(this.#address(slot), value)) return undefined;
    this.#slots.set(nameOf(key), slot);
    return 0n;
  }

  delete(key: Uint8Array): bigint {
    return this.#slots.delete(nameOf(key)) ? 0n : ENOENT;
  }

  dump(memory = this.memory): Uint8Array {
    const { keyBytes, valueBytes, entries } = this.spec;
    const values = readAll(memory, this.base, valueStride(this.spec) * entries);
    const sorted = [...this.#slots].sort(([a], [b]) => (a < b ? -1 : 1));
    const dump = shortBytes(sorted.length * (keyBytes + valueBytes));
    sorted.forEach(([key, slot], i) => {
      const at = i * (keyBytes + valueBytes);
      const from = slot * valueStride(this.spec);
      dump.set(Buffer.from(key, "hex"), at);
      dump.set(values.subarray(from, from + valueBytes), at + keyBytes);
    });
    return dump;
  }

  #address(slot: number): bigint {
    return pointerTo(this.base + slot * valueStride(this.spec));
  }

  #freeSlot(): number | undefined {
    const taken = new Set(this.#slots.values());
    for (let slot = 0; slot < this.spec.entries; slot++) if (!taken.has(slot)) return slot;
    return undefined;
  }
}

/** A key is its prefix: a number of bits, as a `u32`, and the bytes that they are of. */
class LpmTrieState extends HashState {
  override lookup(key: Uint8Array): bigint {
    for (let bits = prefixBits(key); bits >= 0; bits--) {
      const found = this.addressOf(nameOf(prefixOf(key, bits)));
      if (found !== 0n) return found;
    }
    return 0n;
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint): MapResult {
    if (flags > BPF_EXIST) return EINVAL;
    if (!isPrefix(key)) return EINVAL;
    const result = super.update(prefixOf(key, prefixBits(key)), value, flags);
    return result === E2BIG ? ENOSPC : result;
  }

  override delete(key: Uint8Array): bigint {
    return isPrefix(key) ? super.delete(prefixOf(key, prefixBits(key))) : EINVAL;
  }
}

const PREFIX_BYTES = 4;
const mostBits = (key: Uint8Array): number => 8 * (key.length - PREFIX_BYTES);
const prefixBits = (key: Uint8Array): number => Math.min(indexOf(key), mostBits(key));
const isPrefix = (key: Uint8Array): boolean => indexOf(key) <= mostBits(key);

/** The key of so many bits that the first ones of another make. */
function prefixOf(key: Uint8Array, bits: number): Uint8Array {
  const prefix = new Uint8Array(key.length);
  new DataView(prefix.buffer).setUint32(0, bits, true);
  for (let i = 0; i < key.length - PREFIX_BYTES; i++) {
    const kept = Math.min(8, Math.max(0, bits - 8 * i));
    prefix[PREFIX_BYTES + i] = key[PREFIX_BYTES + i]! & (0xff00 >> kept);
  }
  return prefix;
}

const nameOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString("hex");
