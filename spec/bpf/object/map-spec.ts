// The map of an object file as the map of a program, or why there is no such map here.

import { Malformed } from "../../malformed.js";
import { MAP_TYPES, type MapType } from "../map-types.js";
import { type DataMap, type InsnArrayMap, type MapSpec, REDIRECT_TARGETS } from "../program.js";
import type { ObjectMap } from "./object-map.js";

const MOST_MAP_BYTES = 32 * 1024 * 1024;
const MOST_TARGETS = 1 << 16;
const ANOTHER = "name another function";
const SMALLER = "make it smaller";
const CORRECT = "correct the program";

/** What is in the slots of a map of an object, from the start. */
interface Slots {
  /** Of a prog array: slot -> index of a code. */
  readonly programs: ReadonlyMap<number, number>;
  /** Of a map of maps: slot -> index of a map. */
  readonly maps: ReadonlyMap<number, number>;
  /** Of a table of jumps: the instructions that it names. */
  readonly insns?: Pick<InsnArrayMap, "code" | "slots"> | undefined;
}

/** @throws Malformed for a map that is not modelled */
export function specOf(given: ObjectMap, slots: Slots): MapSpec {
  // A map without a size gets one from its loader, such as the number of CPUs: here it is one.
  const map = { ...given, entries: given.entries || 1 };
  const { name, keyBytes, valueBytes, entries } = map;
  const type = MAP_TYPES[map.type];
  if (type === undefined) throw new Malformed(`map ${name} of a known type`, `type ${map.type}`, ANOTHER);
  if (type.kind === undefined) {
    throw new Malformed(`map ${name} of a type that is modelled`, type.name, ANOTHER);
  }
  switch (type.kind) {
    case "perfEvents":
      return { kind: "perfEvents", entries, name };
    case "progArray":
      if (entries > MOST_TARGETS)
        throw new Malformed(`map ${name} of at most ${MOST_TARGETS} programs`, `${entries}`, SMALLER);
      return {
        kind: "progArray",
        entries,
        programs: Array.from({ length: entries }, (_, slot) => slots.programs.get(slot)),
        name,
      };
    case "mapOfMaps": {
      const outer = type.name === "array_of_maps" ? "array" : "hash";
      const inner = [...slots.maps].map(([slot, index]) => ({ key: keyOf(slot, keyBytes), map: index }));
      return { kind: "mapOfMaps", outer, keyBytes, entries, inner: outer === "array" ? inner : [], name };
    }
    case "ringBuffer":
      if (entries > MOST_MAP_BYTES)
        throw new Malformed(`map ${name} of at most ${MOST_MAP_BYTES} bytes`, `${entries}`, SMALLER);
      return { kind: "ringBuffer", entries, name };
    case "insnArray":
      if (slots.insns !== undefined) return { kind: "insnArray", entries, ...slots.insns, name };
      throw new Malformed(
        `map ${name} whose addresses the file says`,
        "an instruction array that its loader fills in",
        ANOTHER,
      );
    case "stackTrace":
      return { kind: "stackTrace", valueBytes, entries, name };
    default:
      return dataMap(map, type);
  }
}

function keyOf(slot: number, bytes: number): Uint8Array {
  const key = new Uint8Array(bytes);
  if (bytes >= 4) new DataView(key.buffer).setUint32(0, slot, true);
  return key;
}

/** Bytes of the key of a map whose keys count. */
const INDEX_BYTES = 4;

function dataMap({ name, keyBytes, valueBytes, entries, data }: ObjectMap, type: MapType): DataMap {
  const isIndexed = type.kind === "array" || type.kind === "redirect";
  if (isIndexed && keyBytes !== INDEX_BYTES) {
    const sort = type.kind === "array" ? "an array" : "a map of redirects";
    throw new Malformed(`map ${name} with keys of 4 bytes, as ${sort} has`, `${keyBytes}`, CORRECT);
  }
  if (valueBytes === 0 || keyBytes === 0) {
    const got = `keys of ${keyBytes} bytes and values of ${valueBytes}`;
    throw new Malformed(`map ${name} with keys and values`, got, CORRECT);
  }
  if (valueBytes > MOST_MAP_BYTES) {
    throw new Malformed(`map ${name} with values of at most ${MOST_MAP_BYTES} bytes`, `${valueBytes}`, SMALLER);
  }
  const room = { keyBytes, valueBytes, entries: roomFor(entries, valueBytes), name };
  if (type.kind === "hash") return { kind: "hash", ...room };
  if (type.kind === "lpmTrie") return { kind: "lpmTrie", ...room };
  if (type.kind === "redirect") {
    const to = REDIRECT_TARGETS.find((target) => target === type.name)!;
    return { kind: "redirect", to, ...room, keyBytes: 4 };
  }
  if (entries * valueBytes > MOST_MAP_BYTES) {
    const got = `${entries} values of ${valueBytes} bytes`;
    throw new Malformed(`map ${name} of at most ${MOST_MAP_BYTES} bytes`, got, SMALLER);
  }
  const contents = data && [{ key: new Uint8Array(4), value: data }];
  return { kind: "array", keyBytes: 4, name, valueBytes, entries, ...(contents && { contents }) };
}

/**
 * A hash map has its memory from the start here, and so no more elements than fit: how many it may have is seen only by a
 * program that fills it.
 */
const roomFor = (entries: number, valueBytes: number): number =>
  Math.min(entries, Math.max(1, Math.floor(MOST_MAP_BYTES / (8 * Math.ceil(valueBytes / 8)))));
