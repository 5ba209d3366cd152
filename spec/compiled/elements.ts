// What maps hold at first and in the end, in the linear memory of the compiled interpreter.

import { type ArrayMap, type HashMap, isDataMap, type MapElement, type MapSpec } from "../bpf/program.js";
import { mapList } from "../lists.js";
import { strideOf } from "./maps.js";

/** @param place of its values, all zero */
export function fillArray(bytes: Uint8Array, spec: ArrayMap, place: number): void {
  for (const { key, value } of spec.contents ?? []) {
    const index = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
    bytes.set(value, place + index * strideOf(spec));
  }
}

/** Where a hash map has its values, and by slot a byte that says whether it is taken, then by slot its key. */
interface HashPlace {
  readonly values: number;
  readonly state: number;
}

/** Each new key takes the lowest free slot. */
export function fillHash(bytes: Uint8Array, spec: HashMap, { values, state }: HashPlace): void {
  bytes.fill(0, state, state + spec.entries);
  if (spec.contents === undefined) return;
  for (const [slot, { key, value }] of initialElements(spec).entries()) {
    bytes[state + slot] = 1;
    bytes.set(key, state + spec.entries + slot * spec.keyBytes);
    bytes.set(value, values + slot * strideOf(spec));
  }
}

/** Key and value of each entry, in the order of the keys. */
export function entriesOf(bytes: Uint8Array, spec: HashMap, { values, state }: HashPlace): Uint8Array {
  const { keyBytes, valueBytes, entries } = spec;
  const pairs: Uint8Array[] = [];
  for (let slot = 0; slot < entries; slot++) {
    if (bytes[state + slot] === 0) continue;
    const pair = new Uint8Array(keyBytes + valueBytes);
    const key = state + entries + slot * keyBytes;
    pair.set(bytes.subarray(key, key + keyBytes));
    const value = values + slot * strideOf(spec);
    pair.set(bytes.subarray(value, value + valueBytes), keyBytes);
    pairs.push(pair);
  }
  return sortedByKey(pairs);
}

/** The same of a map that nobody has reached. */
export const initialEntries = (spec: MapSpec): Uint8Array =>
  sortedByKey(mapList(initialElements(spec), ({ key, value }) => Uint8Array.of(...key, ...value)));

/** Each key once: with the last value that it is given, at the place of the first. */
function initialElements(spec: MapSpec): readonly MapElement[] {
  const contents = isDataMap(spec) ? (spec.contents ?? []) : [];
  return [...new Map(mapList(contents, (one) => [Buffer.from(one.key).toString("hex"), one])).values()];
}

/** Keys differ, so that what stands behind them does not matter. */
const sortedByKey = (pairs: Uint8Array[]): Uint8Array =>
  pairs.length === 0 ? new Uint8Array() : Uint8Array.from(Buffer.concat(pairs.sort(Buffer.compare)));
