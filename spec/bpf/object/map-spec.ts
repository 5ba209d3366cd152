// The map of an object file as the map of a program, or why there is no such map here.

import { Malformed } from "../../malformed.js";
import { MAP_TYPES } from "../map-types.js";
import type { MapSpec } from "../program.js";
import type { ObjectMap } from "./maps.js";

const MOST_MAP_BYTES = 32 * 1024 * 1024;
const MOST_HASH_BYTES = 1 << 20;
const MOST_TARGETS = 1 << 16;

/** @param targets slot -> index of a code, of a prog array. @throws Malformed for a map that is not modelled */
export function specOf(map: ObjectMap, targets: ReadonlyMap<number, number>): MapSpec {
  const { name, keyBytes, valueBytes, entries, data } = map;
  const type = MAP_TYPES[map.type];
  if (type === undefined) throw new Malformed(`map ${name} of a known type`, `type ${map.type}`);
  if (type.kind === undefined) {
    throw new Malformed(`map ${name} of a type that is modelled`, type.name, "name another function");
  }
  if (entries === 0) throw new Malformed(`map ${name} with elements`, "max_entries 0", "name another function");
  if (type.kind === "progArray") {
    if (entries > MOST_TARGETS) throw new Malformed(`map ${name} of at most ${MOST_TARGETS} programs`, `${entries}`);
    return {
      kind: "progArray",
      entries,
      programs: Array.from({ length: entries }, (_, slot) => targets.get(slot)),
      name,
    };
  }
  const isArray = type.kind === "array";
  if (valueBytes === 0 || keyBytes === 0 || (isArray && keyBytes !== 4)) {
    throw new Malformed(`map ${name} with keys and values`, `keys of ${keyBytes} bytes and values of ${valueBytes}`);
  }
  if (!isArray) return { kind: "hash", keyBytes, valueBytes, entries: roomFor(entries, valueBytes), name };
  if (entries * (keyBytes + valueBytes) > MOST_MAP_BYTES) {
    const got = `${entries} elements of ${keyBytes + valueBytes} bytes`;
    throw new Malformed(`map ${name} of at most ${MOST_MAP_BYTES} bytes`, got, "make it smaller");
  }
  const contents = data && [{ key: new Uint8Array(4), value: data }];
  const filled = { name, valueBytes, entries, ...(contents && { contents }) };
  return { kind: "array", keyBytes: 4, ...filled };
}

/**
 * A hash map has its memory from the start here, and so no more elements than fit: how many it may have is seen only by a
 * program that fills it.
 */
const roomFor = (entries: number, valueBytes: number): number =>
  Math.min(entries, Math.max(1, Math.floor(MOST_HASH_BYTES / (8 * Math.ceil(valueBytes / 8)))));
